unit SiemPrincipal;

// The main window: the CT-e of a day, and their endorsement.

{$mode delphi}{$H+}

interface

uses
  SysUtils, Classes, Forms, Controls, StdCtrls, ComCtrls, ExtCtrls, ActnList, Graphics, DateTimePicker, Averbador,
  SiemDados, SiemAverbacao;

type
  TPrincipalForm = class(TForm)
    Actions: TActionList;
    EndorseAction: TAction;
    ShowAction: TAction;
    AccountAction: TAction;
    RefreshAction: TAction;
    SelectAllAction: TAction;
    TopPanel: TPanel;
    DayLabel: TLabel;
    DayPicker: TDateTimePicker;
    OnlyNotEndorsedBox: TCheckBox;
    CountLabel: TLabel;
    List: TListView;
    StagePanel: TPanel;
    StageTitle: TLabel;
    LoginShape: TShape;
    LoginLabel: TLabel;
    UploadShape: TShape;
    UploadLabel: TLabel;
    ConsultaShape: TShape;
    ConsultaLabel: TLabel;
    Bar: TProgressBar;
    MessageLabel: TLabel;
    ProblemsMemo: TMemo;
    StageButton: TButton;
    ButtonPanel: TPanel;
    EndorseButton: TButton;
    ShowButton: TButton;
    AccountButton: TButton;
    MinimizeButton: TButton;
    ExitButton: TButton;
    StatusBar: TStatusBar;
    procedure FormCreate(Sender: TObject);
    procedure FormDestroy(Sender: TObject);
    procedure FormCloseQuery(Sender: TObject; var CanClose: Boolean);
    procedure ActionsUpdate(AAction: TBasicAction; var Handled: Boolean);
    procedure EndorseActionExecute(Sender: TObject);
    procedure ShowActionExecute(Sender: TObject);
    procedure AccountActionExecute(Sender: TObject);
    procedure RefreshActionExecute(Sender: TObject);
    procedure SelectAllActionExecute(Sender: TObject);
    procedure ListResize(Sender: TObject);
    procedure StagePanelResize(Sender: TObject);
    procedure StageButtonClick(Sender: TObject);
    procedure MinimizeButtonClick(Sender: TObject);
    procedure ExitButtonClick(Sender: TObject);
  private
    FEndorser: TEndorser;
    FCTes: TCTes; // as the list shows them
    FClosing: Boolean; // the user wants to leave as soon as what is under way has stopped
    procedure ShowFailure(Sender: TObject; E: Exception);
    procedure Start(Data: PtrInt);
    procedure LoadLibrary;
    procedure ShowList;
    procedure ShowRows(const Chosen: TCTes);
    function Selected: TCTes;
    function Endorsable: TCTes;
    procedure AskAccount(const Why: string = '');
    procedure BeginStages(const Title: string);
    procedure ShowStage(Sender: TObject; const Progress: TAvProgresso);
    procedure BeginSending;
    procedure Mark(Shape: TShape; Text: TLabel; const Name: string; State: TAvEstado);
    procedure MarkEnd(Shape: TShape; Text: TLabel; const Name: string; Well: Boolean);
    procedure ShowSummary(const Summary: TSummary);
  end;

var
  PrincipalForm: TPrincipalForm;

implementation

{$R *.lfm}

uses
  Math, LCLIntf, LCLType, Dialogs, AverbadorApi, SiemInicio, SiemLogin, SiemDadosAverbacao;

const
  KeyColumn = 1;
  KeyLength = 44;
  LoginText = 'Login';
  UploadText = 'Envio do XML';
  ConsultaText = 'Consulta do protocolo';

  clWaiting = clSilver;
  clUnderWay = TColor($D77800); // blue
  clDone = TColor($3C8E00); // green
  clFailed = TColor($2020C0); // red

function EndorsementText(const Outcome: TOutcome; Running: Boolean): string;
begin
  case Outcome.Situation of
    stEndorsed: Result := Outcome.Protocol;
    stUnfinished: Result := BoolToStr(Running, 'Em andamento', 'Sem resposta ainda');
    stFailed: Result := 'Falhou: ' + Outcome.Reason;
  else
    Result := 'Não averbado';
  end;
end;

procedure TPrincipalForm.FormCreate(Sender: TObject);
begin
  FEndorser := TEndorser.Create(Dados);
  FEndorser.OnStage := ShowStage;
  FEndorser.OnDone := ShowSummary;
  Application.OnException := ShowFailure;
  if WithSimulator then
    Caption := Caption + ' – SIMULADOR: nada é averbado de verdade';
  // Enlarged, it may not fit any more.
  Width := Min(Width, Screen.WorkAreaWidth);
  Height := Min(Height, Screen.WorkAreaHeight - GetSystemMetrics(SM_CYCAPTION));
  DayPicker.Date := Dados.LastDay;
  ShowList;
  Application.QueueAsyncCall(Start, 0); // when the window can be seen
end;

procedure TPrincipalForm.FormDestroy(Sender: TObject);
begin
  FEndorser.Free;
end;

procedure TPrincipalForm.ShowFailure(Sender: TObject; E: Exception);
begin
  MessageDlg('SIEM', E.Message, mtError, [mbOK], 0);
end;

// What the user must be told or asked first; and what an earlier run has left unfinished.
procedure TPrincipalForm.Start(Data: PtrInt);
begin
  LoadLibrary;
  if Dados.Account.User = '' then
    AskAccount;
  if FEndorser.Recover then
  begin
    BeginStages('Consultando as averbações que ficaram sem resposta');
    Mark(ConsultaShape, ConsultaLabel, ConsultaText, avInicio);
  end;
end;

procedure TPrincipalForm.LoadLibrary;
begin
  try
    StatusBar.SimpleText := 'averbador ' + FEndorser.LibraryVersion;
  except
    on E: EAverbadorApi do
    begin
      StatusBar.SimpleText := 'Sem a biblioteca averbador não é possível averbar.';
      MessageDlg('SIEM', E.Message, mtError, [mbOK], 0);
    end;
  end;
end;

// Shows the CT-e of the day; those that were selected stay so.
procedure TPrincipalForm.ShowList;
var
  Chosen: TCTes;
begin
  Chosen := Selected;
  FCTes := Dados.List(DayPicker.Date, OnlyNotEndorsedBox.Checked);
  ShowRows(Chosen);
end;

// Shows what was read last.
procedure TPrincipalForm.ShowRows(const Chosen: TCTes);
var
  Item: TListItem;
  CTe, Before: TCTe;
  NotEndorsed: Integer;
begin
  NotEndorsed := 0;
  List.Items.BeginUpdate;
  try
    List.Items.Clear;
    for CTe in FCTes do
    begin
      Item := List.Items.Add;
      Item.Caption := CTe.Number;
      Item.SubItems.AddStrings([CTe.Outcome.Key, StatusText(CTe), EndorsementText(CTe.Outcome, FEndorser.Running)]);
      for Before in Chosen do
        Item.Selected := Item.Selected or (Before.Outcome.Key = CTe.Outcome.Key);
      Inc(NotEndorsed, Ord(MayBeEndorsed(CTe)));
    end;
  finally
    List.Items.EndUpdate;
  end;
  CountLabel.Caption := Format('%d CT-e, %d a averbar', [Length(FCTes), NotEndorsed]);
end;

function TPrincipalForm.Selected: TCTes;
var
  I, Count: Integer;
begin
  Result := nil;
  SetLength(Result, List.SelCount);
  Count := 0;
  for I := 0 to List.Items.Count - 1 do
    if List.Items[I].Selected then
    begin
      Result[Count] := FCTes[I];
      Inc(Count);
    end;
end;

// Of the selected.
function TPrincipalForm.Endorsable: TCTes;
var
  CTe: TCTe;
  Count: Integer;
begin
  Result := Selected;
  Count := 0;
  for CTe in Selected do
    if MayBeEndorsed(CTe) then
    begin
      Result[Count] := CTe;
      Inc(Count);
    end;
  SetLength(Result, Count);
end;

procedure TPrincipalForm.ActionsUpdate(AAction: TBasicAction; var Handled: Boolean);
begin
  EndorseAction.Enabled := not FEndorser.Running and (List.SelCount > 0);
  AccountAction.Enabled := not FEndorser.Running;
  ShowAction.Enabled := List.SelCount = 1;
end;

procedure TPrincipalForm.EndorseActionExecute(Sender: TObject);
var
  CTes: TCTes;
begin
  CTes := Endorsable;
  if CTes = nil then
  begin
    MessageDlg('SIEM', 'Os CT-e selecionados já estão averbados, ou foram cancelados.', mtInformation, [mbOK], 0);
    Exit;
  end;
  if Dados.Account.Password = '' then
    AskAccount;
  if Dados.Account.Password = '' then
    Exit;
  FEndorser.Endorse(CTes);
  BeginStages(Format('Averbando %d CT-e', [Length(CTes)]));
end;

procedure TPrincipalForm.ShowActionExecute(Sender: TObject);
begin
  if List.SelCount = 1 then
    TDadosAverbacaoForm.Show(Selected[0]);
end;

procedure TPrincipalForm.AccountActionExecute(Sender: TObject);
begin
  AskAccount;
end;

procedure TPrincipalForm.AskAccount(const Why: string);
begin
  TLoginForm.Ask(Why);
end;

procedure TPrincipalForm.RefreshActionExecute(Sender: TObject);
begin
  ShowList;
end;

procedure TPrincipalForm.SelectAllActionExecute(Sender: TObject);
begin
  List.SelectAll;
end;

procedure TPrincipalForm.BeginStages(const Title: string);
begin
  StageTitle.Caption := Title;
  Mark(LoginShape, LoginLabel, LoginText, avOutro);
  Mark(UploadShape, UploadLabel, UploadText, avOutro);
  Mark(ConsultaShape, ConsultaLabel, ConsultaText, avOutro);
  Bar.Position := 0;
  Bar.Visible := True;
  MessageLabel.Caption := '';
  MessageLabel.Visible := True;
  ProblemsMemo.Visible := False;
  StageButton.Caption := '&Cancelar';
  StageButton.Enabled := True;
  StagePanel.Visible := True;
  ShowList;
  List.SetFocus;
end;

procedure TPrincipalForm.ShowStage(Sender: TObject; const Progress: TAvProgresso);
var
  Sending: Boolean;
  Before: Integer;
begin
  Sending := UploadShape.Brush.Color <> clWaiting;
  Before := 0;
  case Progress.Etapa of
    avEtapaLogin:
      Mark(LoginShape, LoginLabel, LoginText, Progress.Estado);
    avEtapaUpload:
      begin
        if not Sending then
          BeginSending;
        Mark(UploadShape, UploadLabel, UploadText, Progress.Estado);
        Before := 1;
      end;
    avEtapaConsulta:
      begin
        Mark(ConsultaShape, ConsultaLabel, ConsultaText, Progress.Estado);
        if Sending then
          Before := 2;
      end;
  end;
  MessageLabel.Caption := Progress.Mensagem;
  // A third for what is looked up before anything is sent, one for sending, one for looking up.
  Bar.Max := 3 * Progress.Total;
  Bar.Position := Max(Bar.Position, Before * Progress.Total + Progress.Feitos);
end;

procedure TPrincipalForm.BeginSending;
begin
  // What is endorsed already was looked up before; now it is about what is being sent.
  Mark(ConsultaShape, ConsultaLabel, ConsultaText, avOutro);
  if LoginShape.Brush.Color = clWaiting then
    Mark(LoginShape, LoginLabel, LoginText, avOk);
end;

// How far one of the stages is.
procedure TPrincipalForm.Mark(Shape: TShape; Text: TLabel; const Name: string; State: TAvEstado);
const
  Colors: array[TAvEstado] of TColor = (clUnderWay, clDone, clFailed, clUnderWay, clWaiting);
  Words: array[TAvEstado] of string = (' – em andamento', ' – concluído', ' – falhou', ' – repetindo', '');
begin
  Shape.Brush.Color := Colors[State];
  Text.Caption := Name + Words[State];
end;

// No stage is under way in the end. One that was still is concluded, or else the user has stopped it.
procedure TPrincipalForm.MarkEnd(Shape: TShape; Text: TLabel; const Name: string; Well: Boolean);
begin
  if Shape.Brush.Color <> clUnderWay then
    Exit;
  if Well then
  begin
    Mark(Shape, Text, Name, avOk);
    Exit;
  end;
  Shape.Brush.Color := clWaiting;
  Text.Caption := Name + ' – interrompido';
end;

procedure TPrincipalForm.ShowSummary(const Summary: TSummary);
var
  Problems: TStringArray;
begin
  if FClosing then
  begin
    Close;
    Exit;
  end;
  Problems := Summary.Problems;
  try
    ShowList;
  except
    on E: ESiemDados do
    begin
      ShowRows(Selected); // nothing is under way any more
      if Problems = nil then
        Problems := TStringArray.Create(E.Message);
    end;
  end;
  MarkEnd(LoginShape, LoginLabel, LoginText, Problems = nil);
  MarkEnd(UploadShape, UploadLabel, UploadText, Problems = nil);
  MarkEnd(ConsultaShape, ConsultaLabel, ConsultaText, Problems = nil);
  StageTitle.Caption := Format('Averbados: %d de %d CT-e', [Summary.Endorsed, Summary.Total]);
  Bar.Visible := False;
  MessageLabel.Caption := 'Os protocolos estão na lista.';
  MessageLabel.Visible := Problems = nil;
  ProblemsMemo.Lines.SetStrings(Problems);
  ProblemsMemo.Visible := Problems <> nil;
  StageButton.Caption := '&Fechar';
  StageButton.Enabled := True;
  if Summary.BadPassword then
    AskAccount('Usuário ou senha recusados. Confira antes de salvar: várias senhas erradas bloqueiam o acesso.');
end;

procedure TPrincipalForm.StageButtonClick(Sender: TObject);
begin
  if FEndorser.Running then
  begin
    FEndorser.Stop;
    StageButton.Enabled := False;
    MessageLabel.Caption := 'Cancelando: o que já foi enviado será concluído…';
  end
  else
  begin
    StagePanel.Visible := False;
    List.SetFocus;
  end;
end;

procedure TPrincipalForm.FormCloseQuery(Sender: TObject; var CanClose: Boolean);
begin
  CanClose := not FEndorser.Running;
  if CanClose or FClosing then
    Exit;
  FClosing := QuestionDlg('SIEM', 'Uma averbação está em andamento. O que já foi enviado será concluído antes de sair.',
    mtConfirmation, [mrYes, 'Parar e sair', mrNo, 'Continuar', 'IsDefault', 'IsCancel'], 0) = mrYes;
  if FClosing and FEndorser.Running then
    StageButton.Click
  else if FClosing then
    Close;
end;

// The key must be seen whole; the last column takes what is left.
procedure TPrincipalForm.ListResize(Sender: TObject);
var
  I, Rest: Integer;
begin
  List.Column[KeyColumn].Width := Canvas.TextWidth(StringOfChar('0', KeyLength)) + Scale96ToForm(16);
  Rest := List.ClientWidth;
  for I := 0 to List.ColumnCount - 2 do
    Dec(Rest, List.Column[I].Width);
  List.Column[List.ColumnCount - 1].Width := Rest;
end;

// The three stages share the width: none may be cut off, enlarged or in a small window.
procedure TPrincipalForm.StagePanelResize(Sender: TObject);
var
  Third: Integer;
begin
  Third := (StagePanel.ClientWidth - LoginShape.Left) div 3;
  UploadShape.Left := LoginShape.Left + Third;
  ConsultaShape.Left := LoginShape.Left + 2 * Third;
end;

procedure TPrincipalForm.MinimizeButtonClick(Sender: TObject);
begin
  Application.Minimize;
end;

procedure TPrincipalForm.ExitButtonClick(Sender: TObject);
begin
  Close;
end;

end.
