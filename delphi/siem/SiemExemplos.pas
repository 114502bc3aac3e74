unit SiemExemplos;

// Invented CT-e, to try SIEM out with the simulator.

{$mode delphi}{$H+}

interface

uses
  SiemDados;

// Issues some of today and yesterday: their XML files go to a folder beside the database.
procedure IssueSamples(Data: TSiemDados);

implementation

uses
  SysUtils, Classes;

const
  // The root 9999 was never given to any company.
  Issuer = '99990001000198';

  // An authorised CT-e, as far as it matters here. KEY, NUMBER and DAY stand for what differs.
  Template =
    '<?xml version="1.0" encoding="UTF-8"?>' +
    '<cteProc xmlns="http://www.portalfiscal.inf.br/cte" versao="4.00"><CTe><infCte versao="4.00" Id="CTeKEY">' +
    '<ide><cUF>41</cUF><natOp>PRESTAÇÃO DE SERVIÇO DE TRANSPORTE</natOp><mod>57</mod><serie>1</serie>' +
    '<nCT>NUMBER</nCT><dhEmi>DAYT08:00:00-03:00</dhEmi><tpEmis>1</tpEmis><tpAmb>2</tpAmb><modal>01</modal></ide>' +
    '<emit><CNPJ>' + Issuer + '</CNPJ><xNome>TRANSPORTADORA EXEMPLO DO PARANÁ LTDA</xNome></emit>' +
    '<vPrest><vTPrest>1850.00</vTPrest></vPrest></infCte></CTe>' +
    '<protCTe versao="4.00"><infProt><tpAmb>2</tpAmb><chCTe>KEY</chCTe><dhRecbto>DAYT08:00:05-03:00</dhRecbto>' +
    '<nProt>141260000047110</nProt><cStat>100</cStat><xMotivo>Autorizado o uso do CT-e</xMotivo></infProt></protCTe>' +
    '</cteProc>';

// With its check digit: modulus 11, weights 2 to 9 from the right.
function AccessKey(Number: Integer; Day: TDateTime): string;
var
  I, Sum, Rest: Integer;
begin
  Result := '41' + FormatDateTime('yymm', Day) + Issuer + Format('57001%.9d1%.8d', [Number, Number * 7919]);
  Sum := 0;
  for I := 1 to Length(Result) do
    Inc(Sum, (Ord(Result[I]) - Ord('0')) * ((Length(Result) - I) mod 8 + 2));
  Rest := Sum mod 11;
  if Rest < 2 then
    Result := Result + '0'
  else
    Result := Result + IntToStr(11 - Rest);
end;

// Writes its XML into Folder.
function Issued(const Folder: string; Number: Integer; Day: TDateTime): TCTe;
var
  Xml: TStringList;
begin
  Result := Default(TCTe);
  Result.Number := IntToStr(Number);
  Result.Day := Day;
  Result.Outcome.Key := AccessKey(Number, Day);
  Result.FileName := Folder + Result.Outcome.Key + '-cte.xml';
  Xml := TStringList.Create;
  try
    Xml.Text := Template.Replace('KEY', Result.Outcome.Key).Replace('NUMBER', Result.Number)
      .Replace('DAY', FormatDateTime('yyyy-mm-dd', Day));
    Xml.SaveToFile(Result.FileName);
  finally
    Xml.Free;
  end;
end;

procedure IssueSamples(Data: TSiemDados);
const
  First = 4701;
  Last = 4718;
  FirstOfToday = 4705;
  CancelledOne = 4709;
var
  CTes: array[First..Last] of TCTe;
  Folder: string;
  Number: Integer;
begin
  Folder := Data.Folder + 'xml' + PathDelim;
  ForceDirectories(Folder);
  for Number := First to Last do
    CTes[Number] := Issued(Folder, Number, Date - Ord(Number < FirstOfToday));
  CTes[CancelledOne].Cancelled := True;
  Data.Add(CTes);
end;

end.
