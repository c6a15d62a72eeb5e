/* Stored process "Download File" for SAS 9.4 M7 or later.

   NOT RUN ON SAS BY ITS AUTHORS: no SAS system was at hand. What can be checked without one is
   checked by tests: names, lengths, balance of macros and quotation marks, the result table. Try
   it on a test server first.

   Input    instream, XML: one Table with one InData, as conf/DownloadFile.map reads it.
   Output   _WEBOUT, XML: TABLE / RESULT / OCCURRENCEID, ROWS, STATUS, DATASET.
            A data set in the library dlf_library, named after the task code.
   Failure  SYSCC 1012, the reason in SYSMSG, no result table: web service fault 3000.

   Links are secrets. They are handled with the log switched off, and no message holds one. */

/* The folder that holds code and conf. The one line to change here. */
%let dlf_root = C:\SAS Stored Process;

%global dlf_library dlf_log_folder dlf_keep_folder dlf_encoding dlf_timeout_s dlf_proxy_host dlf_proxy_port;
%global dlf_failed dlf_reason dlf_log_file dlf_options dlf_in_rows dlf_longest dlf_name;
%global dlf_columns dlf_rows dlf_code dlf_record dlf_found dlf_column dlf_plain dlf_store dlf_widest;
%global dlf_has_id dlf_ok_metadata dlf_ok_data dlf_link_metadata dlf_link_data;
%global SYS_PROCHTTP_STATUS_CODE SYS_PROCHTTP_STATUS_PHRASE;

/* In open code, so that every macro sees the settings. Step 1 tells when the file is not there. */
%include "&dlf_root/conf/config.sas";

/* ---- What every step uses ------------------------------------------------------------------ */

/* Ends the work: the first reason counts. Every later step looks at dlf_failed and does nothing. */
%macro dlf_fail(code, text, remedy);
  %if %length(&dlf_failed) %then %return;
  %let dlf_failed = &code;
  %let dlf_reason = %superq(code): %superq(text);
  %put ERROR: %superq(dlf_reason);
  %put ERROR- Remedy: %superq(remedy);
%mend dlf_fail;

/* A message of SAS or of a server as words, without a sign that means something to a macro. */
%macro dlf_plain_text(text);
  %if %length(%superq(text)) %then %sysfunc(compress(&text, %str( .:_), kad));
%mend dlf_plain_text;

/* From here on nothing reaches a log, until dlf_loud. */
%macro dlf_quiet;
  options nonotes nosource nosource2 nomprint nomlogic nosymbolgen;
  filename dlfnull dummy;
  proc printto log=dlfnull;
  run;
%mend dlf_quiet;

%macro dlf_loud;
  %if %length(&dlf_log_file) %then %do;
    proc printto log="&dlf_log_file";
    run;
  %end;
  %else %do;
    proc printto;
    run;
  %end;
  filename dlfnull clear;
  options &dlf_options;
%mend dlf_loud;

/* ---- Step 1: settings, log and library ------------------------------------------------------ */

%macro dlf_prepare;
  %let syscc = 0;
  %let dlf_failed = ;
  %let dlf_reason = ;
  %let dlf_log_file = ;
  %let dlf_options = %sysfunc(getoption(notes)) %sysfunc(getoption(source)) %sysfunc(getoption(source2))
    %sysfunc(getoption(mprint)) %sysfunc(getoption(mlogic)) %sysfunc(getoption(symbolgen))
    %sysfunc(getoption(quotelenmax));
  options noquotelenmax;
  %if not %sysfunc(fileexist(&dlf_root/conf/config.sas)) %then %do;
    %dlf_fail(DLF101, %str(conf/config.sas is not in the folder dlf_root.),
      %str(Put the folder of this stored process into the line dlf_root of stpDownloadFile.sas.))
    %return;
  %end;
  %if not %sysfunc(fileexist(&dlf_root/conf/DownloadFile.map)) %then %do;
    %dlf_fail(DLF102, %str(conf/DownloadFile.map is not in the folder dlf_root.),
      %str(Copy the file from the folder sas of the adapter.))
    %return;
  %end;
  %if %length(&dlf_log_folder) %then %do;
    %let dlf_log_file = &dlf_log_folder/stpDownloadFile_%sysfunc(datetime(), b8601dt15.)_&sysjobid..log;
    proc printto log="&dlf_log_file" new;
    run;
  %end;
  libname dlflib "&dlf_library";
  %if %sysfunc(libref(dlflib)) ne 0 %then
    %dlf_fail(DLF103, %str(the folder dlf_library cannot be used as a library.),
      %str(Name an existing folder in conf/config.sas that the account of the server can write to.));
%mend dlf_prepare;

/* ---- Step 2: read instream ------------------------------------------------------------------ */

/* The stream can be read once; the XML engine reads twice. So it is copied, line by line. */
%macro dlf_copy_instream;
  %let dlf_longest = 0;
  %if %sysfunc(fileref(instream)) > 0 %then %do;
    %dlf_fail(DLF201, %str(the stored process has no data source instream.),
      %str(Add an XML data source with the fileref instream in SAS Management Console.))
    %return;
  %end;
  filename dlftask temp;
  %dlf_quiet
  data _null_;
    infile instream lrecl=32767 length=line_length end=last;
    file dlftask lrecl=32767;
    length line $32767;
    retain longest 0;
    input line $varying32767. line_length;
    put line $varying32767. line_length;
    longest = max(longest, line_length);
    if last then call symputx('dlf_longest', longest, 'G');
  run;
  %dlf_loud
  %if &dlf_longest = 0 %then
    %dlf_fail(DLF202, %str(instream is empty.),
      %str(Call the stored process through the adapter, with a task.));
  %else %if &dlf_longest >= 32767 %then
    %dlf_fail(DLF203, %str(a line of instream has 32767 bytes or more and was cut.),
      %str(Send a line break after every element, as the adapter does.));
%mend dlf_copy_instream;

%macro dlf_read_instream;
  %if %length(&dlf_failed) %then %return;
  %local failed;
  %let dlf_in_rows = 0;
  %dlf_quiet
  libname dlfxml xmlv2 xmlfileref=dlftask xmlmap="&dlf_root/conf/DownloadFile.map" access=readonly;
  data work.dlf_task;
    set dlfxml.InData end=last;
    if last then call symputx('dlf_in_rows', _n_, 'G');
  run;
  %let failed = &syserr;
  libname dlfxml clear;
  %dlf_loud
  %if &failed > 4 %then
    %dlf_fail(DLF204, %str(instream is not XML that conf/DownloadFile.map can read.),
      %str(Check the document: sasbiws validate prints it. Allow rewinding of the data source.));
  %else %if &dlf_in_rows = 0 %then
    %dlf_fail(DLF205, %str(instream has no row at /Table/InData.),
      %str(Send Table and InData in no namespace.));
  %else %if &dlf_in_rows > 1 %then
    %dlf_fail(DLF206, %str(instream has &dlf_in_rows rows; expected 1.),
      %str(Send one task per call.));
%mend dlf_read_instream;

/* A link becomes a literal in single quotation marks, in which no ampersand is resolved. */
%macro dlf_read_task;
  %if %length(&dlf_failed) %then %return;
  %dlf_quiet
  data _null_;
    set work.dlf_task(keep=occurrenceId metadataFile dataFile taskCode);
    length safe $256 literal $32767;
    safe = prxchange('s/[^A-Za-z0-9_]/_/', -1, strip(coalescec(taskCode, occurrenceId)));
    if notdigit(safe) > 1 then safe = cats('_', safe);
    call symputx('dlf_name', substr(safe, 1, 32), 'G');
    call symputx('dlf_has_id', not missing(occurrenceId), 'G');
    call symputx('dlf_ok_metadata', prxmatch('/^https?:\/\/\S+$/', strip(metadataFile)) = 1, 'G');
    call symputx('dlf_ok_data', prxmatch('/^https?:\/\/\S+$/', strip(dataFile)) = 1, 'G');
    literal = quote(strip(metadataFile), "'");
    call symputx('dlf_link_metadata', literal, 'G');
    literal = quote(strip(dataFile), "'");
    call symputx('dlf_link_data', literal, 'G');
  run;
  %dlf_loud
  %if not &dlf_has_id %then
    %dlf_fail(DLF207, %str(the column occurrenceId is missing in InData.),
      %str(Send the payload of a bulk custom task.));
  %else %if not &dlf_ok_metadata %then
    %dlf_fail(DLF208, %str(the column metadataFile is missing in InData or is not a link.),
      %str(Send the payload of a bulk custom task.));
  %else %if not &dlf_ok_data %then
    %dlf_fail(DLF209, %str(the column dataFile is missing in InData or is not a link.),
      %str(Send the payload of a bulk custom task.));
%mend dlf_read_task;

/* ---- Step 3: download ----------------------------------------------------------------------- */

/* What    name of the column, for messages.
   Link    name of the macro variable that holds the quoted link.
   To      fileref of the file that is written. */
%macro dlf_fetch(what=, link=, to=);
  %if %length(&dlf_failed) %then %return;
  %local why;
  filename &to temp;
  filename dlfhead temp;
  %let SYS_PROCHTTP_STATUS_CODE = ;
  %let SYS_PROCHTTP_STATUS_PHRASE = ;
  %dlf_quiet
  proc http method="GET" url=&&&link out=&to headerout=dlfhead timeout=&dlf_timeout_s
    %if %length(&dlf_proxy_host) %then proxyhost="&dlf_proxy_host";
    %if %length(&dlf_proxy_port) %then proxyport=&dlf_proxy_port;
    ;
  run;
  %let why = %dlf_plain_text(%qscan(%superq(syserrortext), 1, ?));
  %dlf_loud
  %if not %length(&SYS_PROCHTTP_STATUS_CODE) %then
    %dlf_fail(DLF301, %str(&what could not be fetched: no answer. &why),
      %str(Check that this server reaches the file host; else set dlf_proxy_host in conf/config.sas.));
  %else %if &SYS_PROCHTTP_STATUS_CODE ne 200 %then %do;
    %let why = %dlf_plain_text(%superq(SYS_PROCHTTP_STATUS_PHRASE));
    %let why = &SYS_PROCHTTP_STATUS_CODE &why;
    %dlf_fail(DLF302, %str(&what: Expected 200, but received &why..),
      %str(403: the link has expired; run the task in CI 360 again.))
  %end;
  %else %do;
    %dlf_check_size(what=&what, file=&to)
  %end;
  filename dlfhead clear;
%mend dlf_fetch;

/* A transfer that broke off: fewer bytes than the header promised. Where the system does not tell
   the size of a file by this name (another language), there is nothing to compare. */
%macro dlf_check_size(what=, file=);
  %local promised here;
  %let promised = ;
  %let here = ;
  data _null_;
    infile dlfhead truncover end=last;
    length line promised $1024 packed 8;
    retain promised ' ' packed 0;
    input line $char1024.;
    if lowcase(line) =: 'content-length:' then promised = strip(substr(line, 16));
    if lowcase(line) =: 'content-encoding:' then packed = 1;
    if last and not packed then call symputx('promised', compress(promised, , 'kd'), 'L');
  run;
  data _null_;
    id = fopen("&file", 'I', 0, 'B');
    if id > 0 then do;
      call symputx('here', compress(finfo(id, 'File Size (bytes)'), , 'kd'), 'L');
      id = fclose(id);
    end;
  run;
  %if %length(&promised) and %length(&here) %then %if &promised ne &here %then
    %dlf_fail(DLF303, %str(&what: expected &promised bytes, but received &here.),
      %str(The transfer broke off. Retry the delivery.));
%mend dlf_check_size;

/* Sets dlf_plain to the fileref of the unpacked file. A file named .gz is packed if its first two
   bytes say so too: a proxy may have unpacked it on the way. */
%macro dlf_unpack(what=, from=, to=);
  %if %length(&dlf_failed) %then %return;
  %local packed;
  %let packed = 0;
  %let dlf_plain = &from;
  data _null_;
    length two $2;
    id = fopen("&from", 'I', 2, 'B');
    if id > 0 then do;
      if fread(id) = 0 then if fget(id, two, 2) = 0 then call symputx('packed', two = '1F8B'x, 'L');
      id = fclose(id);
    end;
  run;
  %if not &packed %then %return;
  filename dlfgz zip "%sysfunc(pathname(&from))" gzip;
  filename &to temp;
  data _null_;
    infile dlfgz recfm=f lrecl=256 length=line_length eof=done unbuf;
    file &to recfm=n lrecl=256;
    input;
    put _infile_ $varying256. line_length;
    return;
    done: stop;
  run;
  %if &syserr > 4 %then
    %dlf_fail(DLF304, %str(&what is packed with gzip and cannot be unpacked.), %str(Run the task in CI 360 again.));
  filename dlfgz clear;
  %let dlf_plain = &to;
%mend dlf_unpack;

%macro dlf_keep(file=, name=);
  %if %length(&dlf_failed) or not %length(&dlf_keep_folder) %then %return;
  data _null_;
    rc = filename('dlfkeep', "&dlf_keep_folder/&dlf_name._&name");
    rc = fcopy("&file", 'dlfkeep');
    rc = filename('dlfkeep');
  run;
%mend dlf_keep;

/* ---- Step 4: names and types, from metadataFile ---------------------------------------------- */

/* A JSON list of columnName and dataType, in the order of the columns. NUMERIC is a number, any
   other type is kept as text: nothing of it is lost, and nothing is guessed. */
%macro dlf_read_metadata(file=);
  %if %length(&dlf_failed) %then %return;
  %local id usable doubled refused;
  %let usable = 0;
  %let refused = 0;
  %let dlf_columns = 0;
  libname dlfjson json fileref=&file;
  %if &syslibrc = 0 %then %if %sysfunc(exist(dlfjson.root)) %then %do;
    %let id = %sysfunc(open(dlfjson.root));
    %if &id %then %do;
      %let usable = %eval(%sysfunc(varnum(&id, columnName)) and %sysfunc(varnum(&id, dataType)));
      %let id = %sysfunc(close(&id));
    %end;
  %end;
  %if not &usable %then %do;
    %dlf_fail(DLF401, %str(metadataFile is not a JSON list of columnName and dataType.),
      %str(Look at the metadata file of the task; set dlf_keep_folder to keep it.))
    %return;
  %end;
  data work.dlf_columns(keep=position name kind label);
    set dlfjson.root(keep=columnName dataType) end=last;
    length name $32 safe label $256 kind $1;
    retain refused 0;
    position = _n_;
    label = columnName;
    safe = prxchange('s/[^A-Za-z0-9_]/_/', -1, strip(columnName));
    if notdigit(safe) > 1 then safe = cats('_', safe);
    name = safe;
    kind = ifc(upcase(dataType) = 'NUMERIC', 'N', 'C');
    if missing(columnName) or lowcase(name) =: 'dlf__' or lowcase(name) in ('_n_' '_error_' '_infile_' '_file_'
      '_all_' '_numeric_' '_character_' '_iorc_' '_cmd_' '_msg_') then refused = position;
    if last then do;
      call symputx('dlf_columns', position, 'G');
      call symputx('refused', refused, 'L');
    end;
  run;
  libname dlfjson clear;
  proc sql noprint;
    select count(*) - count(distinct upcase(name)) into :doubled trimmed from work.dlf_columns;
  quit;
  %if &dlf_columns = 0 %then
    %dlf_fail(DLF402, %str(metadataFile lists no column.), %str(Add outbound data to the task in CI 360.));
  %else %if &refused %then
    %dlf_fail(DLF403, %str(column &refused of metadataFile has a name that SAS cannot hold.),
      %str(Rename the outbound data in CI 360.));
  %else %if &doubled %then
    %dlf_fail(DLF404, %str(two columns of metadataFile have the same SAS name.),
      %str(Rename one in CI 360: SAS keeps letters, digits and underscores, 32 at most, of any case.));
%mend dlf_read_metadata;

/* ---- Step 5: records, from dataFile ----------------------------------------------------------- */

/* Statements of a DATA step: one record of the CSV file into dlf__field. The option DSD is not
   used: it takes apostrophes for quotation marks and ends a record at a line break in a value. */
%macro dlf_append(character);
  dlf__at = dlf__at + 1;
  if dlf__column <= &dlf_columns then do;
    dlf__size{dlf__column} = dlf__at;
    if dlf__at <= &dlf_store then substr(dlf__field{dlf__column}, dlf__at, 1) = &character;
  end;
%mend dlf_append;

%macro dlf_next_record;
  do dlf__i = 1 to &dlf_columns;
    dlf__field{dlf__i} = ' ';
    dlf__size{dlf__i} = 0;
  end;
  dlf__column = 1;
  dlf__at = 0;
  dlf__open = 0;
  dlf__blank = 1;
  do until (not dlf__open and not dlf__blank);
    input;
    dlf__end = lengthn(_infile_);
    dlf__from = 1;
    if dlf__first then if _infile_ =: 'EFBBBF'x then dlf__from = 4;
    dlf__first = 0;
    if dlf__end >= 32767 then goto too_long;
    if dlf__end > 0 then if substr(_infile_, dlf__end, 1) = '0D'x then dlf__end = dlf__end - 1;
    if dlf__end >= dlf__from or dlf__open then dlf__blank = 0;
    dlf__p = dlf__from;
    do while (dlf__p <= dlf__end);
      dlf__c = substr(_infile_, dlf__p, 1);
      if dlf__open and dlf__c = '22'x then do;
        dlf__twice = 0;
        if dlf__p < dlf__end then dlf__twice = substr(_infile_, dlf__p + 1, 1) = '22'x;
        if dlf__twice then do;
          %dlf_append('22'x)
          dlf__p = dlf__p + 1;
        end;
        else dlf__open = 0;
      end;
      else if dlf__open then do;
        %dlf_append(dlf__c)
      end;
      else if dlf__c = '22'x and dlf__at = 0 then dlf__open = 1;
      else if dlf__c = ',' then do;
        dlf__column = dlf__column + 1;
        dlf__at = 0;
      end;
      else do;
        %dlf_append(dlf__c)
      end;
      dlf__p = dlf__p + 1;
    end;
    if dlf__open then do;
      %dlf_append('0A'x)
    end;
  end;
%mend dlf_next_record;

%macro dlf_open_records(file=);
  infile &file encoding="&dlf_encoding" termstr=lf lrecl=32767 eof=finish;
  array dlf__field{&dlf_columns} $&dlf_store _temporary_;
  array dlf__size{&dlf_columns} _temporary_;
  length dlf__c $1;
  retain dlf__first 1 dlf__open 0;
%mend dlf_open_records;

/* First reading: counts the records, checks them, and finds the longest value of each column. */
%macro dlf_measure(file=);
  %if %length(&dlf_failed) %then %return;
  %local failed why;
  %let dlf_store = 32;
  %let dlf_widest = 1;
  %let dlf_code = ;
  %let dlf_rows = 0;
  %let dlf_record = 0;
  %let dlf_found = 0;
  %let dlf_column = 0;
  data work.dlf_lengths(keep=position width);
    %dlf_open_records(file=&file)
    array dlf__kind{&dlf_columns} $1 _temporary_;
    array dlf__width{&dlf_columns} _temporary_;
    dlf__record = 0;
    do until (dlf__told);
      set work.dlf_columns end=dlf__told;
      dlf__kind{position} = kind;
      dlf__width{position} = 1;
    end;
    do while (1);
      %dlf_next_record
      dlf__record = dlf__record + 1;
      if dlf__column ne &dlf_columns then do;
        call symputx('dlf_found', dlf__column, 'G');
        dlf__code = 'DLF501';
        goto refuse;
      end;
      do position = 1 to &dlf_columns;
        dlf__width{position} = max(dlf__width{position}, dlf__size{position});
        if dlf__kind{position} = 'N' and dlf__size{position} > 0 then
          if dlf__size{position} > 32
            or not prxmatch('/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/', dlf__field{position}) then do;
            call symputx('dlf_column', position, 'G');
            dlf__code = 'DLF502';
            goto refuse;
          end;
        if dlf__width{position} > 32767 then do;
          dlf__code = 'DLF503';
          goto refuse;
        end;
      end;
    end;
    too_long: dlf__record = dlf__record + 1;
    dlf__code = 'DLF503';
    goto refuse;
    finish: if dlf__open then do;
      dlf__record = dlf__record + 1;
      dlf__code = 'DLF504';
      goto refuse;
    end;
    call symputx('dlf_rows', dlf__record, 'G');
    dlf__widest = 32;
    do position = 1 to &dlf_columns;
      width = dlf__width{position};
      dlf__widest = max(dlf__widest, width);
      output;
    end;
    call symputx('dlf_widest', dlf__widest, 'G');
    stop;
    refuse: call symputx('dlf_code', dlf__code, 'G');
    call symputx('dlf_record', dlf__record, 'G');
    stop;
  run;
  %let failed = &syserr;
  %let why = %dlf_plain_text(%superq(syserrortext));
  %if &failed > 4 %then
    %dlf_fail(DLF505, %str(dataFile could not be read. &why),
      %str(Look at the log; check dlf_encoding in conf/config.sas.));
  %else %if &dlf_code = DLF501 %then
    %dlf_fail(DLF501, %str(Record &dlf_record of dataFile has &dlf_found columns; metadataFile lists &dlf_columns..),
      %str(Both files must come from one run of the task.));
  %else %if &dlf_code = DLF502 %then
    %dlf_fail(DLF502, %str(Record &dlf_record of dataFile: column &dlf_column is not a number.),
      %str(The metadata file calls this column NUMERIC. Check the outbound data in CI 360.));
  %else %if &dlf_code = DLF503 %then
    %dlf_fail(DLF503, %str(Record &dlf_record of dataFile has a line or a value of 32767 bytes or more.),
      %str(Shorten the outbound data in CI 360.));
  %else %if &dlf_code = DLF504 %then
    %dlf_fail(DLF504, %str(Record &dlf_record of dataFile ends inside quotation marks.),
      %str(The file is not complete. Run the task in CI 360 again.));
%mend dlf_measure;

/* Second reading: the program is written from the metadata, then run. */
%macro dlf_import(file=);
  %if %length(&dlf_failed) %then %return;
  %local failed why;
  %let dlf_store = &dlf_widest;
  filename dlfcode temp;
  data _null_;
    merge work.dlf_columns work.dlf_lengths;
    by position;
    file dlfcode lrecl=1024;
    length quoted $520;
    quoted = quote(strip(label), "'");
    if kind = 'N' then do;
      put 'length ' name '8;';
      put name '= input(strip(dlf__field{' position +(-1) '}), ?? best32.);';
    end;
    else do;
      put 'length ' name '$' width +(-1) ';';
      put name '= dlf__field{' position +(-1) '};';
    end;
    put 'label ' name '= ' quoted ';';
  run;
  data dlflib.&dlf_name(drop=dlf__:);
    %dlf_open_records(file=&file)
    do while (1);
      %dlf_next_record
      %include dlfcode;
      output;
    end;
    too_long: stop;
    finish: stop;
  run;
  %let failed = &syserr;
  %let why = %dlf_plain_text(%superq(syserrortext));
  %if &failed > 4 %then
    %dlf_fail(DLF601, %str(The data set &dlf_name could not be written. &why),
      %str(Is it open elsewhere? Is the disk of dlf_library full? Then retry the delivery.));
  filename dlfcode clear;
%mend dlf_import;

/* ---- Step 6: the result table ------------------------------------------------------------------ */

%macro dlf_answer;
  %if %length(&dlf_failed) %then %return;
  data _null_;
    set work.dlf_task(keep=occurrenceId);
    file _webout lrecl=32767;
    length text $1024;
    %if %symexist(_PROGRAM) %then %do;
      rc = stpsrv_header('Content-type', 'text/xml');
    %end;
    select (lowcase(getoption('encoding')));
      when ('utf-8') put '<?xml version="1.0" encoding="UTF-8" ?>';
      when ('wlatin1') put '<?xml version="1.0" encoding="windows-1252" ?>';
      when ('latin1') put '<?xml version="1.0" encoding="ISO-8859-1" ?>';
      otherwise;
    end;
    put '<TABLE>';
    put '   <RESULT>';
    text = htmlencode(strip(occurrenceId), 'amp gt lt');
    put '      <OCCURRENCEID>' text +(-1) '</OCCURRENCEID>';
    put "      <ROWS>&dlf_rows</ROWS>";
    put '      <STATUS>done</STATUS>';
    put "      <DATASET>&dlf_name</DATASET>";
    put '   </RESULT>';
    put '</TABLE>';
  run;
  %if &syserr > 4 %then
    %dlf_fail(DLF701, %str(the result table could not be written to _WEBOUT.),
      %str(Check Stream among the result capabilities. The data set &dlf_name is there.));
%mend dlf_answer;

/* ---- Step 7: clean up, and tell how it went ------------------------------------------------------ */

%macro dlf_clear(ref);
  %if %sysfunc(fileref(&ref)) <= 0 %then %do;
    filename &ref clear;
  %end;
%mend dlf_clear;

%macro dlf_clean;
  %symdel dlf_link_metadata dlf_link_data / nowarn;
  %dlf_clear(dlftask)
  %dlf_clear(dlfmeta)
  %dlf_clear(dlfmeta2)
  %dlf_clear(dlfdata)
  %dlf_clear(dlfdata2)
  proc datasets library=work nolist nowarn;
    delete dlf_task dlf_columns dlf_lengths;
  quit;
  %if %sysfunc(libref(dlflib)) = 0 %then %do;
    libname dlflib clear;
  %end;
  %if %length(&dlf_log_file) %then %do;
    proc printto;
    run;
  %end;
  options &dlf_options;
%mend dlf_clean;

/* SYSCC last: a step above may have changed it. A warning of SAS is no failure once every check
   has passed; a web service would make a fault even of SYSCC 4. */
%macro dlf_tell;
  %if &syscc > 4 %then
    %dlf_fail(DLF801, %str(SAS reported an error that no step expected. SYSCC was &syscc..), %str(Look at the log.));
  %if %length(&dlf_failed) %then %do;
    data _null_;
      call symput('sysmsg', "&dlf_reason");
    run;
    %let syscc = 1012;
  %end;
  %else %do;
    %put NOTE: DLF000: &dlf_rows rows and &dlf_columns columns are in &dlf_name..;
    %let syscc = 0;
  %end;
%mend dlf_tell;

%macro dlf_run;
  %dlf_prepare
  %if not %length(&dlf_failed) %then %do;
    %dlf_copy_instream
  %end;
  %dlf_read_instream
  %dlf_read_task
  %dlf_fetch(what=metadataFile, link=dlf_link_metadata, to=dlfmeta)
  %dlf_unpack(what=metadataFile, from=dlfmeta, to=dlfmeta2)
  %dlf_keep(file=&dlf_plain, name=metadata.json)
  %dlf_read_metadata(file=&dlf_plain)
  %dlf_fetch(what=dataFile, link=dlf_link_data, to=dlfdata)
  %dlf_unpack(what=dataFile, from=dlfdata, to=dlfdata2)
  %dlf_keep(file=&dlf_plain, name=data.csv)
  %dlf_measure(file=&dlf_plain)
  %dlf_import(file=&dlf_plain)
  %dlf_answer
  %dlf_clean
  %dlf_tell
%mend dlf_run;

%dlf_run
