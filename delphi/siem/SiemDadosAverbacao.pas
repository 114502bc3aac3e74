unit SiemDadosAverbacao;

// What is known of one CT-e and its endorsement. Whether the endorsement still stands only the insurer knows.

{$mode delphi}{$H+}

interface

uses
  Classes, Forms, Controls, StdCtrls, SiemDados, SiemConsulta;

type
  TDadosAverbacaoForm = class(TForm)
    ProtocolLabel: TLabel;
    ProtocolEdit: TEdit;
    CopyButton: TButton;
    EndorsementLabel: TLabel;
    EndorsementEdit: TEdit;
    NumberLabel: TLabel;
    NumberEdit: TEdit;
    StatusLabel: TLabel;
    StatusEdit: TEdit;
    MessageLabel: TLabel;
    CloseButton: TButton;
    procedure FormDestroy(Sender: TObject);
    procedure CopyButtonClick(Sender: TObject);
  private
    FStanding: TStanding;
    procedure ShowCTe(const CTe: TCTe);
    procedure AskStanding(const Protocol: string);
    procedure Answered(Sender: TObject);
    procedure KeepAccount(Standing: TStanding);
  public
    class procedure Show(const CTe: TCTe); reintroduce;
  end;

implementation

{$R *.lfm}

uses
  SysUtils, Clipbrd, AverbadorApi, SiemInicio;

const
  NotKnown = 'Não foi possível consultar';

class procedure TDadosAverbacaoForm.Show(const CTe: TCTe);
begin
  with TDadosAverbacaoForm.Create(nil) do
  try
    ShowCTe(CTe);
    ShowModal;
  finally
    Free;
  end;
end;

procedure TDadosAverbacaoForm.FormDestroy(Sender: TObject);
begin
  if FStanding <> nil then
    FStanding.Forget;
end;

procedure TDadosAverbacaoForm.ShowCTe(const CTe: TCTe);
begin
  ProtocolEdit.Text := CTe.Outcome.Protocol;
  CopyButton.Enabled := CTe.Outcome.Protocol <> '';
  NumberEdit.Text := CTe.Number;
  StatusEdit.Text := StatusText(CTe);
  MessageLabel.Caption := CTe.Outcome.Reason;
  case CTe.Outcome.Situation of
    stEndorsed:
      AskStanding(CTe.Outcome.Protocol);
    stUnfinished:
      begin
        EndorsementEdit.Text := 'Sem resposta ainda';
        MessageLabel.Caption := Trim(CTe.Outcome.Reason + ' Averbe de novo para saber: nada é enviado duas vezes.');
      end;
  else
    EndorsementEdit.Text := 'Não averbado';
  end;
end;

procedure TDadosAverbacaoForm.AskStanding(const Protocol: string);
var
  Account: TAccount;
begin
  EndorsementEdit.Text := NotKnown;
  try
    Account := Dados.Account;
  except
    on E: ESiemDados do
    begin
      MessageLabel.Caption := E.Message;
      Exit;
    end;
  end;
  if Account.Password = '' then
  begin
    MessageLabel.Caption := 'Para consultar o status da averbação, informe usuário e senha.';
    Exit;
  end;
  EndorsementEdit.Text := 'Consultando…';
  FStanding := TStanding.Create(Account, Protocol, Answered);
end;

procedure TDadosAverbacaoForm.Answered(Sender: TObject);
var
  Standing: TStanding;
begin
  Standing := FStanding;
  FStanding := nil; // it frees itself after this, whatever happens here
  if not Standing.Answer.Sucesso then
  begin
    EndorsementEdit.Text := NotKnown;
    MessageLabel.Caption := Standing.Failure + Standing.Answer.Mensagem;
  end
  else if Standing.Answer.Documentos = nil then
    EndorsementEdit.Text := 'Não consta no AverbePorto'
  else if Standing.Answer.Documentos[0].Cancelado then
    EndorsementEdit.Text := 'Cancelada'
  else
    EndorsementEdit.Text := 'Autorizada';
  KeepAccount(Standing);
end;

procedure TDadosAverbacaoForm.KeepAccount(Standing: TStanding);
begin
  try
    if HasError(Standing.Answer.Erros, AV_ERR_BAD_CREDENTIALS) then
      Dados.ForgetPassword
    else if (Standing.Session <> '') and (Standing.Session <> Dados.Account.Session) then
      Dados.SaveSession(Standing.Session);
  except
    // What was asked for is shown; the next question logs in once more.
    on E: ESiemDados do
      MessageLabel.Caption := E.Message;
  end;
end;

procedure TDadosAverbacaoForm.CopyButtonClick(Sender: TObject);
begin
  Clipboard.AsText := ProtocolEdit.Text;
  MessageLabel.Caption := 'Protocolo copiado.';
end;

end.
