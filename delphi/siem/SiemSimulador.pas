unit SiemSimulador;

// The simulator of AverbePorto, as a program beside this one: to try SIEM out without the insurer.

{$mode delphi}{$H+}

interface

uses
  SysUtils, Process;

type
  // The simulator does not run; the message, in Portuguese, says why.
  ESimulador = class(Exception);

  // A running simulator. It ends with this object, and also should this program die: its standard input is closed then.
  TSimulador = class
  private
    FProcess: TProcess;
    FSettingsFile: string;
    procedure WaitUntilReady;
  public
    // Starts it and waits until it is ready. Fault is one for it to make, as its --help tells; '' is none.
    constructor Create(const Fault: string);
    destructor Destroy; override;
    // Settings that lead the library to it.
    property SettingsFile: string read FSettingsFile;
  end;

implementation

const
  Executable = 'simulator' {$IFDEF WINDOWS} + '.exe' {$ENDIF};
  Patience = 10000; // milliseconds until it must be ready
  Pause = 50;

constructor TSimulador.Create(const Fault: string);
begin
  inherited Create;
  FSettingsFile := GetTempFileName('', 'siem');
  DeleteFile(FSettingsFile); // the simulator makes it when it is ready
  FProcess := TProcess.Create(nil);
  FProcess.Executable := ExtractFilePath(ParamStr(0)) + Executable;
  FProcess.Options := [poUsePipes, poNoConsole];
  FProcess.Parameters.AddStrings(['--until-stdin-closes', '--settings', FSettingsFile]);
  if Fault <> '' then
    FProcess.Parameters.AddStrings(['--fault', Fault]);
  try
    FProcess.Execute;
  except
    on E: EProcess do
      raise ESimulador.CreateFmt('Falta o simulador: "%s".', [FProcess.Executable]);
  end;
  WaitUntilReady;
end;

procedure TSimulador.WaitUntilReady;
var
  Waited: Integer;
begin
  Waited := 0;
  while not FileExists(FSettingsFile) do
  begin
    if not FProcess.Running or (Waited >= Patience) then
      raise ESimulador.Create('O simulador não começou. Inicie-o à parte para ver por quê: ' + FProcess.Executable);
    Sleep(Pause);
    Inc(Waited, Pause);
  end;
end;

destructor TSimulador.Destroy;
begin
  FProcess.CloseInput;
  FProcess.Free;
  DeleteFile(FSettingsFile);
  inherited;
end;

end.
