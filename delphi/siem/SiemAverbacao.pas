unit SiemAverbacao;

// The endorsement of CT-e: which may be sent, and what is written of what became of them.
//
// Before a CT-e is sent it is noted as begun; when the answer is there, the note is replaced by it. So nothing is lost
// when the program ends in between: what is still noted as begun is looked up at the next start.

{$mode delphi}{$H+}

interface

uses
  SysUtils, Classes, Averbador, SiemDados, SiemConsulta;

type
  // What was reached.
  TSummary = record
    Endorsed: Integer;
    Total: Integer;
    Problems: TStringArray; // ready to be shown
    BadPassword: Boolean; // the insurer has refused it, and it is forgotten
  end;

  TDoneEvent = procedure(const Summary: TSummary) of object;

  // Endorses in the background; its events come on the main thread.
  TEndorser = class
  private
    FData: TSiemDados;
    FAverbador: TAverbador;
    FLookUp: TLookUp;
    FUnderWay: TCTes;
    FOnDone: TDoneEvent;
    function GetOnStage: TAvEtapaEvent;
    procedure SetOnStage(Value: TAvEtapaEvent);
    function GetRunning: Boolean;
    procedure Answered(Sender: TObject; const Lot: TAvLote);
    procedure LookedUp(Sender: TObject);
    procedure Conclude(const Outcomes: TOutcomes; var Summary: TSummary);
    procedure KeepSession(const Lot: TAvLote; var Summary: TSummary);
    function Outcomes(const Lot: TAvLote): TOutcomes;
  public
    constructor Create(Data: TSiemDados);
    // Also while it is running: what is under way is told to stop, and remains in TSiemDados.Unfinished.
    destructor Destroy; override;

    // Loads the library and says its version: EAverbadorApi if it is not there or not the right one.
    function LibraryVersion: string;
    // Endorses these, with the stored account, and then calls OnDone.
    procedure Endorse(const CTes: TCTes);
    // Looks up what an earlier run has left unfinished; False if there is nothing. Else OnDone is called in the end.
    function Recover: Boolean;
    // Stops at the next safe point; OnDone is called all the same.
    procedure Stop;

    property Running: Boolean read GetRunning;
    property OnStage: TAvEtapaEvent read GetOnStage write SetOnStage;
    property OnDone: TDoneEvent read FOnDone write FOnDone;
  end;

// Whether a CT-e may be sent: it is authorised, and not endorsed yet.
function MayBeEndorsed(const CTe: TCTe): Boolean;

implementation

uses
  AverbadorApi;

function MayBeEndorsed(const CTe: TCTe): Boolean;
begin
  Result := not CTe.Cancelled and (CTe.Outcome.Situation <> stEndorsed);
end;

// Whether the insurer may have the document, although the endorsement failed: it was sent, and what came then is not
// known or was only not told yet.
function MayHaveArrived(const Document: TAvAverbacao): Boolean;
begin
  Result := (Document.Etapa = 'consulta') or ((Document.Erros <> nil) and Document.Erros[0].Incerto);
end;

function SituationOf(const Document: TAvAverbacao): TSituation;
begin
  if Document.Sucesso then
    Result := stEndorsed
  else if Document.Situacao = avNaoTentado then
    Result := stNone
  else if MayHaveArrived(Document) then
    Result := stUnfinished
  else if HasError(Document.Erros, AV_ERR_CANCELLED) then
    Result := stNone
  else
    Result := stFailed;
end;

function OutcomeOf(const Key: string; const Document: TAvAverbacao): TOutcome;
begin
  Result.Key := Key;
  Result.Situation := SituationOf(Document);
  Result.Protocol := '';
  if Result.Situation = stEndorsed then
    Result.Protocol := Document.Protocolo;
  Result.Reason := Document.Mensagem;
end;

// Once: the database says the same of each thing that it does not write.
procedure AddProblem(var Summary: TSummary; const Text: string);
var
  Problem: string;
begin
  for Problem in Summary.Problems do
    if Problem.EndsWith(Text) then
      Exit;
  Summary.Problems := Concat(Summary.Problems, TStringArray.Create(Text));
end;

// The number of the document is part of its access key.
function NumberOf(const Key: string): string;
begin
  Result := IntToStr(StrToIntDef(Copy(Key, 26, 9), 0));
end;

// One line for all the CT-e that failed for the same reason.
procedure AddFailure(var Summary: TSummary; const Failure: TOutcome);
var
  I: Integer;
begin
  for I := 0 to High(Summary.Problems) do
    if Summary.Problems[I].EndsWith(': ' + Failure.Reason) then
    begin
      Insert(', ' + NumberOf(Failure.Key), Summary.Problems[I], Length(Summary.Problems[I]) - Length(Failure.Reason) - 1);
      Exit;
    end;
  AddProblem(Summary, Format('CT-e %s: %s', [NumberOf(Failure.Key), Failure.Reason]));
end;

constructor TEndorser.Create(Data: TSiemDados);
begin
  inherited Create;
  FData := Data;
  FAverbador := TAverbador.Create(nil);
  FAverbador.OnFim := Answered;
end;

destructor TEndorser.Destroy;
begin
  if FLookUp <> nil then
    FLookUp.Forget;
  FAverbador.Free;
  inherited;
end;

function TEndorser.LibraryVersion: string;
begin
  Result := FAverbador.Versao;
end;

procedure TEndorser.Endorse(const CTes: TCTes);
var
  Account: TAccount;
  Files: TStringList;
  CTe: TCTe;
begin
  LibraryVersion; // if there is none, nothing shall be noted as begun
  Account := FData.Account;
  FAverbador.Usuario := Account.User;
  FAverbador.Senha := Account.Password;
  FAverbador.Cookie := Account.Session;
  FData.Start(CTes);
  FUnderWay := CTes;
  Files := TStringList.Create;
  try
    for CTe in CTes do
      Files.Add(CTe.FileName);
    FAverbador.AverbarEmSegundoPlano(Files);
  finally
    Files.Free;
  end;
end;

procedure TEndorser.Answered(Sender: TObject; const Lot: TAvLote);
var
  Summary: TSummary;
begin
  Summary := Default(TSummary);
  Summary.Total := Length(FUnderWay);
  Conclude(Outcomes(Lot), Summary);
  KeepSession(Lot, Summary);
  FUnderWay := nil;
  FOnDone(Summary);
end;

// Of each CT-e under way. The library answers in the order asked; if it failed before it came to any of them, they share
// its error.
function TEndorser.Outcomes(const Lot: TAvLote): TOutcomes;
var
  Document: TAvAverbacao;
  I: Integer;
begin
  Result := nil;
  SetLength(Result, Length(FUnderWay));
  for I := 0 to High(FUnderWay) do
  begin
    if Length(Lot.Documentos) = Length(FUnderWay) then
      Document := Lot.Documentos[I]
    else
    begin
      Document := Default(TAvAverbacao);
      Document.Situacao := avFalha;
      Document.Mensagem := Lot.Mensagem;
      Document.Erros := Lot.Erros;
    end;
    Result[I] := OutcomeOf(FUnderWay[I].Outcome.Key, Document);
  end;
end;

// Tells of the outcomes, and writes them.
procedure TEndorser.Conclude(const Outcomes: TOutcomes; var Summary: TSummary);
var
  Outcome: TOutcome;
begin
  for Outcome in Outcomes do
    if Outcome.Situation = stEndorsed then
      Inc(Summary.Endorsed)
    else
      AddFailure(Summary, Outcome);
  try
    FData.Finish(Outcomes);
  except
    on E: ESiemDados do
      AddProblem(Summary, 'O resultado não foi gravado. Averbe de novo, ou reabra o programa: o que já chegou é ' +
        'encontrado, e nada é enviado duas vezes. ' + E.Message);
  end;
end;

procedure TEndorser.KeepSession(const Lot: TAvLote; var Summary: TSummary);
var
  Document: TAvAverbacao;
begin
  Summary.BadPassword := HasError(Lot.Erros, AV_ERR_BAD_CREDENTIALS);
  for Document in Lot.Documentos do
    Summary.BadPassword := Summary.BadPassword or HasError(Document.Erros, AV_ERR_BAD_CREDENTIALS);
  try
    if Summary.BadPassword then
      FData.ForgetPassword
    else if FAverbador.Cookie <> FData.Account.Session then
      FData.SaveSession(FAverbador.Cookie);
  except
    on E: ESiemDados do
      AddProblem(Summary, E.Message);
  end;
end;

function TEndorser.Recover: Boolean;
var
  Keys: TStringList;
begin
  Keys := FData.Unfinished;
  Result := Keys.Count > 0;
  if Result then
    FLookUp := TLookUp.Create(Keys, LookedUp)
  else
    Keys.Free;
end;

// What the insurer has is endorsed, what it has not can be sent again; what remains unknown stays unfinished.
procedure TEndorser.LookedUp(Sender: TObject);
var
  Summary: TSummary;
  Known: TOutcomes;
  Outcome: TOutcome;
  I: Integer;
begin
  Summary := Default(TSummary);
  Summary.Total := FLookUp.Keys.Count;
  Known := nil;
  for I := 0 to High(FLookUp.Answer.Documentos) do
  begin
    Outcome := OutcomeOf(FLookUp.Keys[I], FLookUp.Answer.Documentos[I]);
    if HasError(FLookUp.Answer.Documentos[I].Erros, AV_ERR_NOT_ENDORSED) then
      Outcome.Situation := stNone;
    if Outcome.Situation in [stEndorsed, stNone] then
      Known := Concat(Known, TOutcomes.Create(Outcome));
  end;
  if Length(Known) < FLookUp.Keys.Count then
    AddProblem(Summary, Format('Ainda sem resposta: %d CT-e. Serão consultados na próxima vez. %s',
      [FLookUp.Keys.Count - Length(Known), FLookUp.Failure + FLookUp.Answer.Mensagem]));
  FLookUp := nil;
  Conclude(Known, Summary);
  FOnDone(Summary);
end;

procedure TEndorser.Stop;
begin
  FAverbador.Interromper;
  if FLookUp <> nil then
    FLookUp.Stop;
end;

function TEndorser.GetRunning: Boolean;
begin
  Result := FAverbador.EmAndamento or (FLookUp <> nil);
end;

function TEndorser.GetOnStage: TAvEtapaEvent;
begin
  Result := FAverbador.OnEtapa;
end;

procedure TEndorser.SetOnStage(Value: TAvEtapaEvent);
begin
  FAverbador.OnEtapa := Value;
end;

end.
