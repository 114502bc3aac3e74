unit SiemConsulta;

// Questions to AverbePorto, each on a thread of its own, so that the window stays alive.

{$mode delphi}{$H+}

interface

uses
  Classes, Averbador, SiemDados;

type
  // A question. It frees itself when it is answered and whoever asked was told, on the main thread; all else is for the
  // main thread too. The end of the program waits for it.
  TQuestion = class(TThread)
  private
    FAnswered: TNotifyEvent;
    FFailure: string;
    procedure Conclude;
  protected
    FAverbador: TAverbador;
    procedure Execute; override;
    procedure Ask; virtual; abstract;
  public
    constructor Create(Answered: TNotifyEvent);
    // At the next safe point; Answered is called all the same.
    procedure Stop;
    // Stops; nobody waits for the answer any more.
    procedure Forget;
    // Why it could not even be asked (the library is missing); '' if it could.
    property Failure: string read FFailure;
  end;

  // Which of some access keys are endorsed?
  TLookUp = class(TQuestion)
  private
    FKeys: TStringList;
    FAnswer: TAvLote;
  protected
    procedure Ask; override;
  public
    // Takes Keys over. No account is needed: the consulta is public.
    constructor Create(Keys: TStringList; Answered: TNotifyEvent);
    destructor Destroy; override;
    property Keys: TStringList read FKeys;
    property Answer: TAvLote read FAnswer;
  end;

  // Does an endorsement still stand?
  TStanding = class(TQuestion)
  private
    FProtocol: string;
    FAnswer: TAvLista;
    FSession: string;
  protected
    procedure Ask; override;
  public
    constructor Create(const Account: TAccount; const Protocol: string; Answered: TNotifyEvent);
    property Answer: TAvLista read FAnswer;
    // The session as it is now, to be stored.
    property Session: string read FSession;
  end;

// Whether the first of these errors is this one.
function HasError(const Errors: TAvErros; Code: Integer): Boolean;

implementation

uses
  SysUtils;

var
  Questions: Integer; // without an answer yet

function HasError(const Errors: TAvErros; Code: Integer): Boolean;
begin
  Result := (Errors <> nil) and (Errors[0].Codigo = Code);
end;

constructor TQuestion.Create(Answered: TNotifyEvent);
begin
  inherited Create(False); // it begins after all constructors
  FreeOnTerminate := True;
  FAverbador := TAverbador.Create(nil);
  FAnswered := Answered;
  Inc(Questions);
end;

procedure TQuestion.Execute;
begin
  try
    Ask;
  except
    on E: Exception do
      FFailure := E.Message;
  end;
  Synchronize(Conclude);
end;

procedure TQuestion.Conclude;
begin
  try
    if Assigned(FAnswered) then
      FAnswered(Self);
  except
    // Else it would end in the thread, unseen.
    if Assigned(ApplicationHandleException) then
      ApplicationHandleException(Self);
  end;
  FreeAndNil(FAverbador);
  Dec(Questions);
end;

procedure TQuestion.Stop;
begin
  FAverbador.Interromper;
end;

procedure TQuestion.Forget;
begin
  FAnswered := nil;
  Stop;
end;

constructor TLookUp.Create(Keys: TStringList; Answered: TNotifyEvent);
begin
  inherited Create(Answered);
  FKeys := Keys;
end;

destructor TLookUp.Destroy;
begin
  FKeys.Free;
  inherited;
end;

procedure TLookUp.Ask;
begin
  FAnswer := FAverbador.Consultar(FKeys);
end;

constructor TStanding.Create(const Account: TAccount; const Protocol: string; Answered: TNotifyEvent);
begin
  inherited Create(Answered);
  FProtocol := Protocol;
  FAverbador.Usuario := Account.User;
  FAverbador.Senha := Account.Password;
  FAverbador.Cookie := Account.Session;
end;

procedure TStanding.Ask;
var
  Filter: TAvFiltro;
begin
  Filter := AvFiltro;
  Filter.Protocolo := FProtocol;
  FAnswer := FAverbador.Listar(Filter);
  FSession := FAverbador.Cookie;
end;

finalization
  while Questions > 0 do
    CheckSynchronize(100);
end.
