unit SiemLogin;

// The account at AverbePorto: user and password.

{$mode delphi}{$H+}

interface

uses
  Classes, Forms, Controls, StdCtrls;

type
  TLoginForm = class(TForm)
    IntroLabel: TLabel;
    UserLabel: TLabel;
    UserEdit: TEdit;
    PasswordLabel: TLabel;
    PasswordEdit: TEdit;
    SaveButton: TButton;
    CancelButton: TButton;
    procedure FormCreate(Sender: TObject);
    procedure FormShow(Sender: TObject);
    procedure EditChange(Sender: TObject);
    procedure SaveButtonClick(Sender: TObject);
  public
    // Lets the user fill it in, and says why, if there is more to say than what it is for; what is saved is kept in the
    // data.
    class procedure Ask(const Why: string = '');
  end;

implementation

{$R *.lfm}

uses
  {$IFDEF WINDOWS} Windows, {$ENDIF} SysUtils, SiemInicio;

class procedure TLoginForm.Ask(const Why: string);
begin
  with TLoginForm.Create(nil) do
  try
    if Why <> '' then
      IntroLabel.Caption := Why;
    ShowModal;
  finally
    Free;
  end;
end;

procedure TLoginForm.FormCreate(Sender: TObject);
begin
  UserEdit.Text := Dados.Account.User;
  if WithSimulator then
    IntroLabel.Caption := 'No simulador: usuário USUARIO, senha SENHA.';
  EditChange(nil);
end;

procedure TLoginForm.FormShow(Sender: TObject);
begin
  {$IFDEF WINDOWS}
  SendMessageW(PasswordEdit.Handle, EM_SETPASSWORDCHAR, $2022, 0); // a bullet, which PasswordChar cannot be
  {$ENDIF}
  if UserEdit.Text <> '' then
    PasswordEdit.SetFocus;
end;

procedure TLoginForm.EditChange(Sender: TObject);
begin
  SaveButton.Enabled := (Trim(UserEdit.Text) <> '') and (PasswordEdit.Text <> '');
end;

procedure TLoginForm.SaveButtonClick(Sender: TObject);
begin
  Dados.SaveAccount(Trim(UserEdit.Text), PasswordEdit.Text);
  ModalResult := mrOK;
end;

end.
