program nota;

// Como o SIEM, um programa em Delphi, emite NFS-e: envia os RPS em segundo plano, grava o que veio, consulta os pendentes,
// guarda o espelho, cancela. Os trechos marcados estão no guia (docs/integracao.md), e os testes compilam e rodam este
// programa.
//
//   nota AJUSTES PASTA RPS...
//
// AJUSTES é um arquivo JSON com os ajustes da biblioteca; cada RPS, um XML; os PDF e XML das NFS-e vão para PASTA.

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
  Averbador in '..\..\delphi\Averbador.pas',
  AverbadorNfse in '..\..\delphi\AverbadorNfse.pas';

type
  // No SIEM, um formulário.
  TPrincipal = class
  private
    Nfse: TNfse;
    Rps: TStringList;
    Pendentes: TStringList; // no SIEM, os registros em que situacao diz que falta decidir
    Fim: Boolean;
    procedure EnviarClick;
    procedure EnvioTerminou(Sender: TObject; const Lote: TNfseLote);
    procedure MostrarEtapa(Sender: TObject; const Progresso: TAvProgresso);
    procedure GravarNota(const Documento: TNfseDocumento);
    procedure ConsultarPendentes;
    procedure CancelarClick(const Documento: TNfseDocumento);
    procedure Preparar;
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

procedure TPrincipal.Preparar;
var
  I: Integer;
begin
  Pendentes := TStringList.Create;
  Rps := TStringList.Create;
  for I := 3 to ParamCount do
    Rps.Add(ParamStr(I));
  Nfse := TNfse.Create(nil);
  if not Nfse.ConfigurarPeloArquivo(ParamStr(1)).Sucesso then
    raise Exception.Create('Ajustes recusados.');
  Nfse.Cnpj := '99.990.001/0001-98';
  Nfse.Ambiente := 2;
end;

procedure TPrincipal.MostrarEtapa(Sender: TObject; const Progresso: TAvProgresso);
begin
  if Progresso.Estado in [avInicio, avRepetindo] then
    Mostrar(Progresso.Mensagem);
end;

procedure TPrincipal.GravarNota(const Documento: TNfseDocumento);
begin
  Mostrar('Gravado: ' + Documento.IDUnico + ' NFS-e ' + Documento.NFSeNumero + ' ' + Documento.CodVerificacao + ' ' +
    Documento.Situacao.Nivel + ' ' + Documento.Situacao.Codigo);
end;

// guia: enviar
procedure TPrincipal.EnviarClick;
begin
  Nfse.Pasta := ParamStr(2); // o PDF e o XML de cada NFS-e vão para lá
  Nfse.Aguardar := 15; // segundos, pelo que não é decidido logo: consulta aos 5 e aos 15
  Nfse.OnEtapa := MostrarEtapa;
  Nfse.OnFim := EnvioTerminou;
  Nfse.EnviarEmSegundoPlano(Rps); // XML, arquivos ou JSON, um por posição; volta logo
end;

procedure TPrincipal.EnvioTerminou(Sender: TObject; const Lote: TNfseLote);
var
  I: Integer;
begin
  if Length(Lote.Documentos) = 0 then
    Mostrar(Lote.Mensagem); // nenhum foi enviado: falta uma chave, ou a pasta não existe
  for I := 0 to High(Lote.Documentos) do // na ordem em que foram enviados
    with Lote.Documentos[I] do
    begin
      GravarNota(Lote.Documentos[I]); // sempre: pelo IDUnico se consulta depois
      if Pendente or Incerto then
        Pendentes.Add(IDUnico); // e Enviar fica desligado neste RPS
      if not Sucesso then
        Mostrar('RPS ' + Numero + ': ' + Mensagem + ' ' + Situacao.Texto); // o texto é o motivo da prefeitura
    end;
  Fim := True;
end;
// guia: fim

// guia: consultar
// Num temporizador, de tantos em tantos minutos. O mesmo pedido só é feito três vezes por hora.
procedure TPrincipal.ConsultarPendentes;
var
  I: Integer;
  Documento: TNfseDocumento;
begin
  for I := Pendentes.Count - 1 downto 0 do
  begin
    Documento := Nfse.Consultar(Pendentes[I]);
    if Documento.Pendente then
      Continue; // fica para a próxima vez
    if Documento.Sucesso then
      GravarNota(Documento)
    else
      Mostrar(Pendentes[I] + ': ' + Documento.Mensagem + ' ' + Documento.Situacao.Texto);
    if (Length(Documento.Erros) = 0) or (Documento.Erros[0].Codigo = AV_ERR_NFSE_NOT_FOUND) or
      (Documento.Erros[0].Codigo = AV_ERR_NFSE_REJECTED) then
      Pendentes.Delete(I); // decidido, ou nunca chegou (7005): pode ser enviado de novo
  end;
end;
// guia: fim

// guia: cancelar
procedure TPrincipal.CancelarClick(const Documento: TNfseDocumento);
var
  Cancelado: TNfseDocumento;
begin
  Cancelado := Nfse.Cancelar(Documento, nfseServicoNaoPrestado, 'Mudanca desmarcada pelo cliente');
  if Cancelado.Sucesso then
    GravarNota(Cancelado)
  else
    Mostrar(Cancelado.Mensagem); // com Pendente ou Incerto, consulte em vez de cancelar de novo
end;
// guia: fim

var
  Principal: TPrincipal;
  Espelho: TNfseArquivo;
begin
  if ParamCount < 3 then
  begin
    Mostrar('Uso: nota AJUSTES PASTA RPS...');
    Halt(2);
  end;
  Principal := TPrincipal.Create;
  try
    Principal.Preparar;
    Principal.EnviarClick;
    while not Principal.Fim do
      CheckSynchronize(10); // numa tela, quem faz isso é o laço de mensagens
    Principal.ConsultarPendentes;
    Espelho := Principal.Nfse.Espelho('averbador-2-99990001000198-1-A1-4711',
      string(IncludeTrailingPathDelimiter(ParamStr(2))) + 'espelho.pdf');
    if Espelho.Sucesso then
      Principal.CancelarClick(Espelho.Documento)
    else
    begin
      Mostrar(Espelho.Mensagem);
      ExitCode := 1;
    end;
  finally
    Principal.Nfse.Free;
    Principal.Rps.Free;
    Principal.Pendentes.Free;
    Principal.Free;
  end;
end.
