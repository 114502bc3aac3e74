unit SiemInicio;

// What comes before the first window: the command line, the library, the simulator if it is wanted, the data.

{$mode delphi}{$H+}

interface

uses
  SiemDados;

var
  // The data of this run.
  Dados: TSiemDados;
  // Whether the simulator stands in for the insurer.
  WithSimulator: Boolean;

// False if the program cannot go on; the user has been told why.
function Prepare: Boolean;

implementation

uses
  SysUtils, Classes, Forms, Controls, Dialogs, Averbador, SiemExemplos, SiemSimulador;

const
  Options: array[0..2] of string = ('simulador::', 'falha:', 'dados:');

var
  Holder: TAverbador; // keeps the library loaded, and so its settings
  Simulator: TSimulador;
  InUse: TFileStream;

procedure CheckOptions;
var
  Wrong: string;
begin
  Wrong := Application.CheckOptions('', Options);
  if Wrong <> '' then
    raise Exception.Create('Opção desconhecida na linha de comando. ' + Wrong);
end;

function DataFolder: string;
begin
  Result := Application.GetOptionValue('dados');
  if Result <> '' then
    Exit;
  Result := GetAppConfigDir(False);
  // What the simulator endorses must never be taken for an endorsement.
  if WithSimulator then
    Result := IncludeTrailingPathDelimiter(Result) + 'simulador';
end;

// Two programs on the same data would take each other's calls under way for the remains of a crash.
procedure Occupy(const Folder: string);
begin
  ForceDirectories(Folder);
  try
    InUse := TFileStream.Create(IncludeTrailingPathDelimiter(Folder) + 'siem.lock', fmCreate or fmShareExclusive);
  except
    on E: EFCreateError do
      raise Exception.Create('O SIEM já está aberto com estes dados, ou a pasta deles não pode ser gravada: ' + Folder);
  end;
end;

procedure UseSimulator;
var
  SettingsFile: string;
  Configuration: TAvConfiguracao;
begin
  SettingsFile := Application.GetOptionValue('simulador');
  if SettingsFile = '' then
  begin
    Simulator := TSimulador.Create(Application.GetOptionValue('falha'));
    SettingsFile := Simulator.SettingsFile;
  end;
  Configuration := Holder.ConfigurarPeloArquivo(SettingsFile);
  if not Configuration.Sucesso then
    raise ESimulador.Create(Configuration.Mensagem);
end;

procedure OpenEverything;
begin
  CheckOptions;
  WithSimulator := Application.HasOption('simulador');
  Occupy(DataFolder);
  Dados := TSiemDados.Create(DataFolder);
  Holder := TAverbador.Create(nil);
  if not WithSimulator then
    Exit;
  if Dados.IsEmpty then
    IssueSamples(Dados);
  UseSimulator;
end;

function Prepare: Boolean;
begin
  Result := False;
  try
    OpenEverything;
    Result := True;
  except
    on E: Exception do
      MessageDlg('SIEM', E.Message, mtError, [mbOK], 0);
  end;
end;

finalization
  Simulator.Free;
  Holder.Free;
  Dados.Free;
  InUse.Free;
end.
