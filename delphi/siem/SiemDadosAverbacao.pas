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
    procedure KeepAccount;
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
  if CTe.Outcome.Protocol = '' then
    EndorsementEdit.Text := 'Não averbado'
  else
    AskStanding(CTe.Outcome.Protocol);
end;

procedure TDadosAverbacaoForm.AskStanding(const Protocol: string);
var
  Account: TAccount;
begin
  Account := Dados.Account;
  if Account.Password = '' then
  begin
    EndorsementEdit.Text := NotKnown;
    MessageLabel.Caption := 'Para consultar o status da averbação, informe usuário e senha.';
    Exit;
  end;
  EndorsementEdit.Text := 'Consultando…';
  FStanding := TStanding.Create(Account, Protocol, Answered);
end;

procedure TDadosAverbacaoForm.Answered(Sender: TObject);
begin
  if not FStanding.Answer.Sucesso then
  begin
    EndorsementEdit.Text := NotKnown;
    MessageLabel.Caption := FStanding.Failure + FStanding.Answer.Mensagem;
  end
  else if FStanding.Answer.Documentos = nil then
    EndorsementEdit.Text := 'Não consta no AverbePorto'
  else if FStanding.Answer.Documentos[0].Cancelado then
    EndorsementEdit.Text := 'Cancelada'
  else
    EndorsementEdit.Text := 'Autorizada';
  KeepAccount;
  FStanding := nil;
end;

procedure TDadosAverbacaoForm.KeepAccount;
begin
  if HasError(FStanding.Answer.Erros, AV_ERR_BAD_CREDENTIALS) then
    Dados.ForgetPassword
  else if FStanding.Session <> '' then
    Dados.SaveSession(FStanding.Session);
end;

procedure TDadosAverbacaoForm.CopyButtonClick(Sender: TObject);
begin
  Clipboard.AsText := ProtocolEdit.Text;
  MessageLabel.Caption := 'Protocolo copiado.';
end;

end.
