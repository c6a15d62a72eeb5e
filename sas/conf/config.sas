/* Settings of the stored process "Download File" (code/stpDownloadFile.sas).
   Change the values after the equals signs, nothing else. No quotation marks.
   Read anew at each run: no restart of the server is needed. */

/* Folder of the library in which the data sets are kept. It must exist, and the account of the
   stored process server must be allowed to write to it. */
%let dlf_library = C:\SAS Stored Process\data;

/* Folder for one log file per run. Empty: the log goes where the server writes it. */
%let dlf_log_folder = ;

/* Folder in which both downloaded files are kept after the run, to look into a problem.
   They hold customer data. Empty: nothing is kept. */
%let dlf_keep_folder = ;

/* Encoding of the files that CI 360 exports. */
%let dlf_encoding = utf-8;

/* Seconds to wait for one file. */
%let dlf_timeout_s = 600;

/* Proxy between this server and the file host. Empty: none. */
%let dlf_proxy_host = ;
%let dlf_proxy_port = ;
