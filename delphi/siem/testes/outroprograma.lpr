program outroprograma;

// Another program with SIEM's database open: keeps siem.db of the current folder locked until its standard input ends.
//
//   outroprograma IMMEDIATE    nobody else may write
//   outroprograma EXCLUSIVE    nor read
//
// It says "locked" as soon as it is.

{$mode delphi}{$H+}
{$IFDEF WINDOWS} {$APPTYPE CONSOLE} {$ENDIF}

uses
  SysUtils, SQLite3Dyn;

var
  Database: Psqlite3;

begin
  InitializeSQLite({$IFDEF UNIX} 'libsqlite3.so.0' {$ENDIF});
  if (sqlite3_open('siem.db', @Database) <> SQLITE_OK)
    or (sqlite3_exec(Database, PAnsiChar('BEGIN ' + ParamStr(1)), nil, nil, nil) <> SQLITE_OK) then
    raise Exception.Create(string(sqlite3_errmsg(Database)));
  WriteLn('locked');
  Flush(Output);
  ReadLn;
  sqlite3_close(Database);
end.
