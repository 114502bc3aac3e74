unit AverbadorJson;

// What TAverbador, TMdfe and TNfse need of JSON, with no JSON library: requests are put together here, replies are read by
// av_field.
//
// JSON texts are UTF-8 throughout; only single values become strings of this compiler. This source is ASCII, since
// Delphi 7 takes it for ANSI.

{$IFDEF FPC}
  {$IFNDEF UNICODE} // it is defined in mode DelphiUnicode, which stays
    {$MODE DELPHI}
  {$ENDIF}
{$ENDIF}

interface

uses
  Classes;

type
  TJsonItems = array of UTF8String;

// A text that the library returned; frees it with av_free. '' for nil.
function JsonTake(P: PAnsiChar): UTF8String;

// A text that stays the library's. '' for nil.
function JsonCopy(P: PAnsiChar): UTF8String;

// One value as text, by its JSON pointer. '' if there is none.
function JsonText(const Json: UTF8String; const JsonPointer: AnsiString): string;

// One value that is a number. 0 if there is none.
function JsonNumber(const Json: UTF8String; const JsonPointer: AnsiString): Integer;

// Whether one value is what `Expected` says: JsonIs(Reply, '/status', '1').
function JsonIs(const Json: UTF8String; const JsonPointer: AnsiString; const Expected: string): Boolean;

// The elements of a list, each as JSON. av_field reads its JSON from the beginning each time, so a list of thousands is
// cut here in one go. No elements if there is no such list.
function JsonItems(const Json: UTF8String; const JsonPointer: AnsiString): TJsonItems;

// The JSON in a file in UTF-8, without the mark with which some editors begin it. EStreamError if it cannot be read.
function JsonContent(const FileName: string): UTF8String;

// All as one text: several fields of a request.
function JsonJoin(const Pieces: array of UTF8String): UTF8String;

// {"mod":"Mode"...} with these fields, from the functions below.
function JsonRequest(const Mode: UTF8String; const Fields: array of UTF8String): UTF8String;

// {...} with these fields.
function JsonObject(const Fields: array of UTF8String): UTF8String;

// "Value", with escapes where JSON needs them.
function JsonQuoted(const Value: string): UTF8String;

// ,"Name":"Value", or nothing if it is empty.
function JsonField(const Name: UTF8String; const Value: string): UTF8String;

// ,"Name":Json, or nothing if it is empty.
function JsonRawField(const Name, Json: UTF8String): UTF8String;

// ,"Name":Value, or nothing if it is 0.
function JsonNumberField(const Name: UTF8String; Value: Integer): UTF8String;

// ,"Name":true, or nothing if it is not.
function JsonFlagField(const Name: UTF8String; Value: Boolean): UTF8String;

// ,"Name":["...","..."]
function JsonListField(const Name: UTF8String; Values: TStrings): UTF8String;

implementation

uses
  SysUtils, AverbadorApi;

function JsonTake(P: PAnsiChar): UTF8String;
begin
  try
    Result := JsonCopy(P);
  finally
    av_free(P);
  end;
end;

function JsonCopy(P: PAnsiChar): UTF8String;
var
  Size: Integer;
begin
  Size := 0;
  if P <> nil then
    while P[Size] <> #0 do
      Inc(Size);
  // No assignment: it would take the bytes for those of another code page, and convert them.
  SetLength(Result, Size);
  if Size > 0 then
    Move(P^, Result[1], Size);
end;

function JsonText(const Json: UTF8String; const JsonPointer: AnsiString): string;
begin
  Result := AvText(av_field(PAnsiChar(Json), PAnsiChar(JsonPointer)));
end;

function JsonNumber(const Json: UTF8String; const JsonPointer: AnsiString): Integer;
begin
  Result := StrToIntDef(JsonText(Json, JsonPointer), 0);
end;

function JsonIs(const Json: UTF8String; const JsonPointer: AnsiString; const Expected: string): Boolean;
begin
  Result := JsonText(Json, JsonPointer) = Expected;
end;

// The elements of List, which is a list as JSON, or ''.
function Cut(const List: UTF8String): TJsonItems;
var
  I, Start, Depth, Count: Integer;
  InText: Boolean;

  procedure EndItem;
  begin
    if Count = Length(Result) then
      SetLength(Result, 2 * Count + 8);
    Result[Count] := Copy(List, Start, I - Start);
    if Trim(string(Result[Count])) <> '' then // it is in []
      Inc(Count);
    Start := I + 1;
  end;

begin
  Result := nil;
  Count := 0;
  Start := 2;
  Depth := 0;
  InText := False;
  I := 1;
  while I <= Length(List) do
  begin
    if InText then
    begin
      if List[I] = '\' then
        Inc(I) // what it escapes does not end the text
      else
        InText := List[I] <> '"';
    end
    else
      case List[I] of
        '"':
          InText := True;
        '[', '{':
          Inc(Depth);
        ']', '}':
          begin
            Dec(Depth);
            if Depth = 0 then
              EndItem;
          end;
        ',':
          if Depth = 1 then
            EndItem;
      end;
    Inc(I);
  end;
  SetLength(Result, Count);
end;

function JsonItems(const Json: UTF8String; const JsonPointer: AnsiString): TJsonItems;
begin
  Result := Cut(JsonTake(av_field(PAnsiChar(Json), PAnsiChar(JsonPointer))));
end;

function JsonContent(const FileName: string): UTF8String;
const
  Mark: array[0..2] of Byte = ($EF, $BB, $BF);
var
  Stream: TFileStream;
begin
  Stream := TFileStream.Create(FileName, fmOpenRead or fmShareDenyWrite);
  try
    SetLength(Result, Stream.Size);
    Stream.ReadBuffer(PAnsiChar(Result)^, Length(Result));
  finally
    Stream.Free;
  end;
  if (Length(Result) >= 3) and CompareMem(PAnsiChar(Result), @Mark, 3) then
    Delete(Result, 1, 3);
end;

function JsonJoin(const Pieces: array of UTF8String): UTF8String;
var
  I, Size: Integer;
begin
  // Not by +, whose result may be of another code page, or UTF-16, before it is converted back.
  Size := 0;
  for I := 0 to High(Pieces) do
    Inc(Size, Length(Pieces[I]));
  SetLength(Result, Size);
  Size := 0;
  for I := 0 to High(Pieces) do
    if Pieces[I] <> '' then
    begin
      Move(Pieces[I][1], Result[Size + 1], Length(Pieces[I]));
      Inc(Size, Length(Pieces[I]));
    end;
end;

function JsonQuoted(const Value: string): UTF8String;
const
  Hex: array[0..15] of AnsiChar = '0123456789abcdef';
var
  Plain: UTF8String;
  I, Size: Integer;

  procedure Put(C: AnsiChar);
  begin
    Inc(Size);
    Result[Size] := C;
  end;

begin
  Plain := AvUtf8(Value);
  SetLength(Result, 6 * Length(Plain) + 2);
  Size := 0;
  Put('"');
  for I := 1 to Length(Plain) do
    case Plain[I] of
      '"', '\':
        begin
          Put('\');
          Put(Plain[I]);
        end;
      #0..#31:
        begin
          Put('\');
          Put('u');
          Put('0');
          Put('0');
          Put(Hex[Ord(Plain[I]) shr 4]);
          Put(Hex[Ord(Plain[I]) and 15]);
        end;
    else
      Put(Plain[I]);
    end;
  Put('"');
  SetLength(Result, Size);
end;

function JsonRequest(const Mode: UTF8String; const Fields: array of UTF8String): UTF8String;
begin
  Result := JsonJoin(['{"mod":"', Mode, '"', JsonJoin(Fields), '}']);
end;

function JsonObject(const Fields: array of UTF8String): UTF8String;
begin
  Result := JsonJoin(Fields);
  if Result = '' then
    Result := '{}'
  else
  begin
    Result[1] := '{'; // in place of the comma
    Result := JsonJoin([Result, '}']);
  end;
end;

function JsonField(const Name: UTF8String; const Value: string): UTF8String;
begin
  if Value = '' then
    Result := ''
  else
    Result := JsonJoin([',"', Name, '":', JsonQuoted(Value)]);
end;

function JsonRawField(const Name, Json: UTF8String): UTF8String;
begin
  if Json = '' then
    Result := ''
  else
    Result := JsonJoin([',"', Name, '":', Json]);
end;

function JsonNumberField(const Name: UTF8String; Value: Integer): UTF8String;
begin
  if Value = 0 then
    Result := ''
  else
    Result := JsonJoin([',"', Name, '":', AvUtf8(IntToStr(Value))]);
end;

function JsonFlagField(const Name: UTF8String; Value: Boolean): UTF8String;
begin
  if Value then
    Result := JsonJoin([',"', Name, '":true'])
  else
    Result := '';
end;

function JsonListField(const Name: UTF8String; Values: TStrings): UTF8String;
var
  Pieces: TJsonItems;
  I: Integer;
begin
  SetLength(Pieces, 2 * Values.Count);
  for I := 0 to Values.Count - 1 do
  begin
    if I > 0 then
      Pieces[2 * I] := ',';
    Pieces[2 * I + 1] := JsonQuoted(string(Values[I]));
  end;
  Result := JsonJoin([',"', Name, '":[', JsonJoin(Pieces), ']']);
end;

end.
