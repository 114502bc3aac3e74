unit SiemDados;

// The data of SIEM: an SQLite file, and what may be read from it and written to it.

{$mode delphi}{$H+}

interface

uses
  SysUtils, Classes, SQLDB, SQLite3Conn;

type
  // The data cannot be used. The message, in Portuguese, can be shown as it is.
  ESiemDados = class(Exception);

  // How far the endorsement of a CT-e is.
  TSituation = (
    stNone, // never tried, or found not to be endorsed
    stUnfinished, // begun, and its outcome not known: perhaps the insurer has it
    stEndorsed,
    stFailed);

  // What became of the endorsement of a CT-e.
  TOutcome = record
    Key: string;
    Situation: TSituation;
    Protocol: string;
    Reason: string; // why it failed
  end;
  TOutcomes = array of TOutcome;

  // A CT-e of the list.
  TCTe = record
    Number: string;
    Day: TDateTime; // of its issue
    FileName: string;
    Cancelled: Boolean;
    Outcome: TOutcome; // with its key
  end;
  TCTes = array of TCTe;

  // The account at the insurer.
  TAccount = record
    User: string;
    Password: string;
    Session: string;
  end;

  TSiemDados = class
  private
    FFolder: string;
    FConnection: TSQLite3Connection;
    FTransaction: TSQLTransaction;
    type
      TRow = array of string;
    procedure Connect;
    procedure CreateTables;
    function NewQuery(const Sql: string; const Values: TRow): TSQLQuery;
    function Read(const Sql: string; const Values: TRow = nil): TSQLQuery;
    procedure Close(Query: TSQLQuery);
    procedure Write(const Sql: string; const Rows: array of TRow);
    function KeyFile: string;
  public
    // Opens the database in Folder; makes both if they are not there. ESiemDados if that cannot be.
    constructor Create(const Folder: string);
    destructor Destroy; override;

    // The CT-e of a day, in the order of their numbers.
    function List(Day: TDateTime; OnlyNotEndorsed: Boolean): TCTes;
    // Today or, if no CT-e was issued today, the last day before on which one was.
    function LastDay: TDateTime;
    // Whether no CT-e was issued yet.
    function IsEmpty: Boolean;
    // Adds CT-e that were issued.
    procedure Add(const CTes: array of TCTe);

    // To be called before CT-e are sent. Should the program end before their outcome is written, Unfinished has them.
    procedure Start(const CTes: TCTes);
    // Writes what became of CT-e: of all of them or of none. An endorsement, once written, is never overwritten.
    procedure Finish(const Outcomes: TOutcomes);
    // The access keys, one a line, of CT-e whose outcome only the insurer knows. The caller frees the list.
    function Unfinished: TStringList;

    function Account: TAccount;
    procedure SaveAccount(const User, Password: string);
    procedure SaveSession(const Session: string);
    // After the insurer has refused the password: trying it again would lock the account.
    procedure ForgetPassword;

    property Folder: string read FFolder;
  end;

// Autorizado or Cancelado.
function StatusText(const CTe: TCTe): string;

implementation

uses
  DateUtils, DB, SQLite3Dyn, SiemSenha;

const
  // How long another program's lock is waited for, in milliseconds. The window waits too.
  LockTimeout = 2000;

  // The first table is the contract's, but for the width of `senha`. SQLite keeps the comments with the tables.
  Tables: array[0..4] of string = (
    'CREATE TABLE Cad_PortoSeguro (' + LineEnding +
    '  email TEXT(128),' + LineEnding +
    '  senha TEXT(1024), -- não 32: a senha da API tem até 64 caracteres; está cifrada, em base64' + LineEnding +
    '  token TEXT(32),' + LineEnding +
    '  data_token DATETIME' + LineEnding +
    ')',
    'INSERT INTO Cad_PortoSeguro (email) VALUES (NULL)',
    'CREATE TABLE FATURAMENTO_CTE (' + LineEnding +
    '  id INTEGER PRIMARY KEY,' + LineEnding +
    '  numero INTEGER NOT NULL,' + LineEnding +
    '  chave TEXT(44) NOT NULL UNIQUE,' + LineEnding +
    '  data_emissao DATE NOT NULL,' + LineEnding +
    '  status TEXT(1) NOT NULL, -- A: autorizado; C: cancelado' + LineEnding +
    '  arquivo_xml TEXT NOT NULL' + LineEnding +
    ')',
    'CREATE INDEX FATURAMENTO_CTE_DIA ON FATURAMENTO_CTE (data_emissao, numero)',
    'CREATE TABLE FATURAMENTO_CTE_AVERBA (' + LineEnding +
    '  id_cte INTEGER PRIMARY KEY REFERENCES FATURAMENTO_CTE (id),' + LineEnding +
    '  nAverbacaoSeguro TEXT(60),' + LineEnding +
    '  situacao TEXT(1) NOT NULL, -- I: iniciada, ainda sem resposta; A: averbado; F: falhou; N: não averbado' +
    LineEnding +
    '  motivo TEXT, -- por que falhou' + LineEnding +
    '  data DATETIME NOT NULL' + LineEnding +
    ')');

  // How `situacao` has them.
  Letters: array[TSituation] of string = ('N', 'I', 'A', 'F');

function StatusText(const CTe: TCTe): string;
begin
  Result := BoolToStr(CTe.Cancelled, 'Cancelado', 'Autorizado');
end;

function SituationOf(const Letter: string): TSituation;
begin
  for Result := Low(TSituation) to High(TSituation) do
    if Letters[Result] = Letter then
      Exit;
  Result := stNone;
end;

function DayText(Day: TDateTime): string;
begin
  Result := FormatDateTime('yyyy-mm-dd', Day);
end;

function NowText: string;
begin
  Result := FormatDateTime('yyyy-mm-dd hh:nn:ss', Now);
end;

// What the database's error means to the user.
function Explained(Error: ESQLDatabaseError): ESiemDados;
var
  Text: string;
begin
  case Error.ErrorCode and $FF of
    SQLITE_BUSY, SQLITE_LOCKED:
      Text := 'O banco de dados está em uso por outro programa. Feche-o, ou aguarde, e tente de novo.';
    SQLITE_READONLY:
      Text := 'O banco de dados está somente para leitura. Peça permissão de gravação no arquivo e na pasta dele.';
    SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH:
      Text := 'O banco de dados não pode ser aberto. Confira a permissão de acesso à pasta dele.';
    SQLITE_FULL, SQLITE_IOERR:
      Text := 'O disco do banco de dados está cheio ou com defeito. Nada foi gravado.';
    SQLITE_CORRUPT, SQLITE_NOTADB:
      Text := 'O arquivo do banco de dados está danificado. Restaure a cópia de segurança.';
  else
    Text := 'O banco de dados recusou a operação.';
  end;
  Result := ESiemDados.CreateFmt('%s (SQLite: %s)', [Text, Error.Message.Replace('TSQLite3Connection : ', '')]);
end;

constructor TSiemDados.Create(const Folder: string);
begin
  inherited Create;
  FFolder := IncludeTrailingPathDelimiter(ExpandFileName(Folder));
  if not ForceDirectories(FFolder) then
    raise ESiemDados.CreateFmt('A pasta de dados "%s" não pode ser criada.', [FFolder]);
  FConnection := TSQLite3Connection.Create(nil);
  FTransaction := TSQLTransaction.Create(nil);
  FConnection.Transaction := FTransaction;
  FConnection.DatabaseName := FFolder + 'siem.db';
  try
    Connect;
  except
    on E: ESQLDatabaseError do
      raise Explained(E);
    on E: EInOutError do
      raise ESiemDados.CreateFmt('Falta a biblioteca do SQLite (%s) junto do programa.', [SQLiteDefaultLibrary]);
  end;
end;

destructor TSiemDados.Destroy;
begin
  FTransaction.Free;
  FConnection.Free;
  inherited;
end;

procedure TSiemDados.Connect;
var
  Names: TStringList;
begin
  FConnection.Open;
  sqlite3_busy_timeout(FConnection.Handle, LockTimeout);
  Names := TStringList.Create;
  try
    FConnection.GetTableNames(Names);
    if Names.Count = 0 then
      CreateTables;
  finally
    Names.Free;
    FTransaction.Rollback;
  end;
end;

procedure TSiemDados.CreateTables;
var
  Statement: string;
begin
  for Statement in Tables do
    FConnection.ExecuteDirect(Statement);
  FTransaction.Commit;
end;

// Values are those of the statement's parameters, in their order.
function TSiemDados.NewQuery(const Sql: string; const Values: TRow): TSQLQuery;
var
  I: Integer;
begin
  Result := TSQLQuery.Create(nil);
  Result.DataBase := FConnection;
  Result.UniDirectional := True;
  Result.SQL.Text := Sql;
  for I := 0 to High(Values) do
    if Values[I] = '' then
      Result.Params[I].Clear
    else
      Result.Params[I].AsString := Values[I];
end;

// Asks; Close ends it.
function TSiemDados.Read(const Sql: string; const Values: TRow): TSQLQuery;
begin
  Result := NewQuery(Sql, Values);
  try
    Result.Open;
  except
    on E: ESQLDatabaseError do
    begin
      Close(Result);
      raise Explained(E);
    end;
  end;
end;

procedure TSiemDados.Close(Query: TSQLQuery);
begin
  Query.Free;
  FTransaction.Rollback; // ends the reader's lock
end;

// Runs a statement for each of the rows: for all of them or, if one fails, for none.
procedure TSiemDados.Write(const Sql: string; const Rows: array of TRow);
var
  Query: TSQLQuery;
  Row: TRow;
begin
  try
    for Row in Rows do
    begin
      Query := NewQuery(Sql, Row);
      try
        Query.ExecSQL;
      finally
        Query.Free;
      end;
    end;
    FTransaction.Commit;
  except
    on E: ESQLDatabaseError do
    begin
      FTransaction.Rollback;
      raise Explained(E);
    end;
  end;
end;

function TSiemDados.List(Day: TDateTime; OnlyNotEndorsed: Boolean): TCTes;
const
  Sql =
    'SELECT numero, chave, status, arquivo_xml, situacao, nAverbacaoSeguro, motivo FROM FATURAMENTO_CTE ' +
    'LEFT JOIN FATURAMENTO_CTE_AVERBA ON id_cte = id ' +
    'WHERE data_emissao = :day AND (:all = ''1'' OR nAverbacaoSeguro IS NULL) ORDER BY numero';
var
  Found: TSQLQuery;
  CTe: TCTe;
begin
  Result := nil;
  Found := Read(Sql, TRow.Create(DayText(Day), BoolToStr(OnlyNotEndorsed, '0', '1')));
  try
    while not Found.EOF do
    begin
      CTe.Number := Found.FieldByName('numero').AsString;
      CTe.Day := Day;
      CTe.FileName := Found.FieldByName('arquivo_xml').AsString;
      CTe.Cancelled := Found.FieldByName('status').AsString = 'C';
      CTe.Outcome.Key := Found.FieldByName('chave').AsString;
      CTe.Outcome.Situation := SituationOf(Found.FieldByName('situacao').AsString);
      CTe.Outcome.Protocol := Found.FieldByName('nAverbacaoSeguro').AsString;
      CTe.Outcome.Reason := Found.FieldByName('motivo').AsString;
      SetLength(Result, Length(Result) + 1);
      Result[High(Result)] := CTe;
      Found.Next;
    end;
  finally
    Close(Found);
  end;
end;

function TSiemDados.LastDay: TDateTime;
var
  Found: TSQLQuery;
  Day: string;
begin
  Found := Read('SELECT MAX(data_emissao) FROM FATURAMENTO_CTE WHERE data_emissao <= :today',
    TRow.Create(DayText(Date)));
  try
    Day := Found.Fields[0].AsString;
  finally
    Close(Found);
  end;
  if not TryISOStrToDate(Day, Result) then
    Result := Date;
end;

function TSiemDados.IsEmpty: Boolean;
var
  Found: TSQLQuery;
begin
  Found := Read('SELECT 1 FROM FATURAMENTO_CTE LIMIT 1');
  try
    Result := Found.EOF;
  finally
    Close(Found);
  end;
end;

procedure TSiemDados.Add(const CTes: array of TCTe);
const
  Sql =
    'INSERT INTO FATURAMENTO_CTE (numero, chave, data_emissao, status, arquivo_xml) ' +
    'VALUES (:number, :key, :day, :status, :file)';
var
  Rows: array of TRow;
  I: Integer;
begin
  SetLength(Rows, Length(CTes));
  for I := 0 to High(CTes) do
    Rows[I] := TRow.Create(CTes[I].Number, CTes[I].Outcome.Key, DayText(CTes[I].Day),
      BoolToStr(CTes[I].Cancelled, 'C', 'A'), CTes[I].FileName);
  Write(Sql, Rows);
end;

procedure TSiemDados.Start(const CTes: TCTes);
var
  Outcomes: TOutcomes;
  I: Integer;
begin
  SetLength(Outcomes, Length(CTes));
  for I := 0 to High(CTes) do
  begin
    Outcomes[I].Key := CTes[I].Outcome.Key;
    Outcomes[I].Situation := stUnfinished;
  end;
  Finish(Outcomes);
end;

procedure TSiemDados.Finish(const Outcomes: TOutcomes);
const
  Sql =
    'INSERT INTO FATURAMENTO_CTE_AVERBA (id_cte, situacao, nAverbacaoSeguro, motivo, data) ' +
    'SELECT id, :situation, :protocol, :reason, :now FROM FATURAMENTO_CTE WHERE chave = :key ' +
    'ON CONFLICT (id_cte) DO UPDATE SET situacao = excluded.situacao, ' +
    'nAverbacaoSeguro = excluded.nAverbacaoSeguro, motivo = excluded.motivo, data = excluded.data ' +
    'WHERE nAverbacaoSeguro IS NULL';
var
  Rows: array of TRow;
  I: Integer;
begin
  SetLength(Rows, Length(Outcomes));
  for I := 0 to High(Outcomes) do
    Rows[I] := TRow.Create(Letters[Outcomes[I].Situation], Outcomes[I].Protocol, Outcomes[I].Reason, NowText,
      Outcomes[I].Key);
  Write(Sql, Rows);
end;

function TSiemDados.Unfinished: TStringList;
var
  Found: TSQLQuery;
begin
  Result := TStringList.Create;
  Found := Read('SELECT chave FROM FATURAMENTO_CTE JOIN FATURAMENTO_CTE_AVERBA ON id_cte = id ' +
    'WHERE situacao = :situation', TRow.Create(Letters[stUnfinished]));
  try
    while not Found.EOF do
    begin
      Result.Add(Found.Fields[0].AsString);
      Found.Next;
    end;
  finally
    Close(Found);
  end;
end;

function TSiemDados.Account: TAccount;
var
  Found: TSQLQuery;
begin
  Found := Read('SELECT email, senha, token FROM Cad_PortoSeguro');
  try
    Result.User := Found.FieldByName('email').AsString;
    Result.Password := Unprotect(Found.FieldByName('senha').AsString, KeyFile);
    Result.Session := Found.FieldByName('token').AsString;
  finally
    Close(Found);
  end;
end;

procedure TSiemDados.SaveAccount(const User, Password: string);
begin
  // The session was perhaps another user's.
  Write('UPDATE Cad_PortoSeguro SET email = :user, senha = :password, token = NULL, data_token = NULL',
    [TRow.Create(User, Protect(Password, KeyFile))]);
end;

procedure TSiemDados.SaveSession(const Session: string);
begin
  Write('UPDATE Cad_PortoSeguro SET token = :session, data_token = :now', [TRow.Create(Session, NowText)]);
end;

procedure TSiemDados.ForgetPassword;
begin
  Write('UPDATE Cad_PortoSeguro SET senha = NULL', [nil]);
end;

function TSiemDados.KeyFile: string;
begin
  Result := FFolder + 'siem.key';
end;

{$IFDEF UNIX}
initialization
  SQLiteDefaultLibrary := 'libsqlite3.so.0'; // without a version it is there for developers only
{$ENDIF}
end.
