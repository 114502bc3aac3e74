program tests;

// The tests of TAverbador, TMdfe and TNfse: `tests FOLDER CLASS`, run by tests/front_door/pascal.rs, mdfe_pascal.rs and
// nfse_pascal.rs, which fill FOLDER.

{$APPTYPE CONSOLE}
{$IFNDEF UNICODE}
  {$MODE DELPHI}
{$ENDIF}

uses
  {$IFDEF UNIX}
  cthreads,
  {$IFDEF UNICODE}
  cwstring, // the file names of TStrings are not UTF-16
  {$ENDIF}
  {$ENDIF}
  SysUtils,
  fpcunit,
  testregistry,
  plaintestreport,
  AverbadorApi in '..\AverbadorApi.pas',
  AverbadorJson in '..\AverbadorJson.pas',
  AverbadorChamada in '..\AverbadorChamada.pas',
  Averbador in '..\Averbador.pas',
  AverbadorMdfe in '..\AverbadorMdfe.pas',
  AverbadorNfse in '..\AverbadorNfse.pas',
  AverbadorTests in 'AverbadorTests.pas',
  MdfeTests in 'MdfeTests.pas',
  NfseTests in 'NfseTests.pas';

var
  Outcome: TTestResult;
  Report: UTF8String;
begin
  Outcome := TTestResult.Create;
  try
    GetTestRegistry.FindTest(ParamStr(2)).Run(Outcome);
    Report := AvUtf8(string(TestResultAsPlain(Outcome)));
    FileWrite(StdOutputHandle, PAnsiChar(Report)^, Length(Report));
    if not Outcome.WasSuccessful then
      ExitCode := 1;
  finally
    Outcome.Free;
  end;
end.
