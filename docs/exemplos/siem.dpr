program siem;

// Como o SIEM, um programa em Delphi, averba: um CT-e esperando pela resposta, e depois uma pasta em segundo plano. Os
// trechos marcados estão no guia (docs/integracao.md), e os testes compilam e rodam este programa.
//
//   siem AJUSTES USUARIO SENHA XML PASTA
//
// AJUSTES é um arquivo JSON com os ajustes da biblioteca.

{$APPTYPE CONSOLE}
{$IFDEF FPC}
  {$MODE DELPHI}
{$ENDIF}

uses
  {$IFDEF UNIX} cthreads, {$ENDIF}
  {$IFDEF MSWINDOWS} Windows, {$ENDIF}
  SysUtils,
  Classes,
  AverbadorApi in '..\..\delphi\AverbadorApi.pas',
  AverbadorJson in '..\..\delphi\AverbadorJson.pas',
  AverbadorChamada in '..\..\delphi\AverbadorChamada.pas',
  Averbador in '..\..\delphi\Averbador.pas';

type
  // No SIEM, um formulário.
  TPrincipal = class
  private
    Porto: TAverbador;
    Fim: Boolean;
    procedure Configurar;
    procedure AverbarUm(const Arquivo: string);
    procedure Gravar(const Chave, Protocolo: string);
    procedure AverbarClick(const Pasta: string);
    procedure MostrarEtapa(Sender: TObject; const Progresso: TAvProgresso);
    procedure MostrarResultado(Sender: TObject; const Lote: TAvLote);
  end;

// Num formulário, um rótulo ou ShowMessage; aqui, a saída do programa, em UTF-8.
procedure Mostrar(const Linha: string);
var
  Bytes: UTF8String;
begin
  Bytes := AvUtf8(Linha + sLineBreak);
  FileWrite({$IFDEF MSWINDOWS} GetStdHandle(STD_OUTPUT_HANDLE) {$ELSE} StdOutputHandle {$ENDIF},
    PAnsiChar(Bytes)^, Length(Bytes));
end;

procedure TPrincipal.Configurar;
begin
  if not Porto.ConfigurarPeloArquivo(ParamStr(1)).Sucesso then
    raise Exception.Create('Ajustes recusados.');
end;

procedure TPrincipal.Gravar(const Chave, Protocolo: string);
begin
  Mostrar('Gravado: ' + Chave + ' ' + Protocolo);
end;

procedure TPrincipal.AverbarUm(const Arquivo: string);
// guia: um
var
  Averbacao: TAvAverbacao;
begin
  Porto := TAverbador.Create(nil); // num formulário: Create(Self)
  Porto.Usuario := ParamStr(2);
  Porto.Senha := ParamStr(3);
  Porto.Cookie := ''; // o token guardado da última vez, se houver
  Configurar;

  Averbacao := Porto.Averbar(Arquivo);
  if Averbacao.Sucesso then
    Gravar(Averbacao.Chave, Averbacao.Protocolo)
  else
    Mostrar(Averbacao.Mensagem); // em português, com o que fazer
  // Porto.Cookie é a sessão a guardar: se expirou, já é a nova
end;
// guia: fim

// guia: segundo-plano
procedure TPrincipal.AverbarClick(const Pasta: string);
begin
  Porto.OnEtapa := MostrarEtapa;
  Porto.OnFim := MostrarResultado;
  Porto.AverbarEmSegundoPlano(Pasta); // volta logo; para parar, Porto.Interromper
end;

procedure TPrincipal.MostrarEtapa(Sender: TObject; const Progresso: TAvProgresso);
begin
  Mostrar(Format('%d/%d %s', [Progresso.Feitos, Progresso.Total, Progresso.Mensagem])); // ou numa barra
end;

procedure TPrincipal.MostrarResultado(Sender: TObject; const Lote: TAvLote);
var
  I: Integer;
begin
  for I := 0 to High(Lote.Documentos) do
    if Lote.Documentos[I].Sucesso then
      Gravar(Lote.Documentos[I].Chave, Lote.Documentos[I].Protocolo)
    else
      Mostrar(Lote.Documentos[I].Arquivo + ': ' + Lote.Documentos[I].Mensagem);
  Fim := True;
end;
// guia: fim

var
  Principal: TPrincipal;
begin
  if ParamCount <> 5 then
  begin
    Mostrar('Uso: siem AJUSTES USUARIO SENHA XML PASTA');
    Halt(2);
  end;
  Principal := TPrincipal.Create;
  try
    Principal.AverbarUm(ParamStr(4));
    Principal.AverbarClick(ParamStr(5));
    while not Principal.Fim do
      CheckSynchronize(10); // numa tela, quem faz isso é o laço de mensagens
  finally
    Principal.Porto.Free;
    Principal.Free;
  end;
end.
