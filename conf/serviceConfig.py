# serviceConfig.py: where the adapter listens. CI 360 posts to http://HOST:PORT/ExecuteSTP
#
# Only these three lines are read, as plain values; the file is never run as a program. The
# environment variables SASBIWS_HOST, SASBIWS_PORT and SASBIWS_DEBUG replace them.
#
# host:  the IP address to listen on. 127.0.0.10 can be reached from this computer only, which is
#        right where the general agent of CI 360 runs beside the adapter.
# port:  the port number.
# debug: "True" logs everything, as loglevel = DEBUG does; else "False".
class svcConfig:
    host = "127.0.0.10"
    port = 8100
    debug = "False"
