unit TestePasta;

// A test with data of its own.

{$mode delphi}{$H+}

interface

uses
  FPCUnit, SQLite3Conn, SiemDados;

type
  TTestePasta = class(TTestCase)
  protected
    FFolder: string;
    FData: TSiemDados;
    procedure SetUp; override;
    procedure TearDown; override;
    // As when the program is started again.
    procedure Reopen;
    // Another program that keeps the database from being written, until it is freed.
    function OtherProgram: TSQLite3Connection;
    // The CT-e of today with this number.
    function Find(const Number: string): TCTe;
    function Count(const Found: TCTes): Integer;
  end;

implementation

uses
  SysUtils, SQLDB, FileUtil, SiemExemplos;

procedure TTestePasta.SetUp;
begin
  FFolder := GetTempFileName('', 'siem');
  DeleteFile(FFolder);
  Reopen;
  IssueSamples(FData);
end;

procedure TTestePasta.TearDown;
begin
  FreeAndNil(FData);
  DeleteDirectory(FFolder, False);
end;

procedure TTestePasta.Reopen;
begin
  FreeAndNil(FData);
  FData := TSiemDados.Create(FFolder);
end;

function TTestePasta.OtherProgram: TSQLite3Connection;
begin
  Result := TSQLite3Connection.Create(nil);
  Result.DatabaseName := FFolder + PathDelim + 'siem.db';
  Result.Transaction := TSQLTransaction.Create(Result);
  Result.ExecuteDirect('UPDATE Cad_PortoSeguro SET token = NULL'); // holds the lock until it is committed
end;

function TTestePasta.Find(const Number: string): TCTe;
begin
  for Result in FData.List(Date, False) do
    if Result.Number = Number then
      Exit;
  Fail('no CT-e ' + Number);
end;

function TTestePasta.Count(const Found: TCTes): Integer;
begin
  Result := Length(Found);
end;

end.
