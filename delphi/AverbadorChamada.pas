unit AverbadorChamada;

// What the classes that call the library have in common: the library, kept for many of them; calls, with their stages; one
// call at a time in the background.
//
// TAverbador, TMdfe and TNfse are TCallOwners. A program has no other use for this unit. This source is ASCII but for the
// comments, since Delphi 7 takes it for ANSI.

{$IFDEF FPC}
  {$IFNDEF UNICODE} // it is defined in mode DelphiUnicode, which stays
    {$MODE DELPHI}
  {$ENDIF}
{$ENDIF}

interface

uses
  SysUtils, Classes;

type
  // Whose calls they are.
  TCallOwner = class(TComponent)
  private
    FUsesLibrary: Boolean;
    FCalls: TThreadList; // of TCall, those under way
    FWorker: TThread; // the TWorker that works for it; nil if there is none
  protected
    procedure NeedLibrary(const Path: string);
    function Execute(const Request: UTF8String): UTF8String;
    // A stage of a call: on its thread, or, of one in the background, on the main thread.
    procedure Hear(const Event: UTF8String); virtual; abstract;
    procedure StopCalls;
    function HasWorker: Boolean;
  public
    /// <summary>Cria o objeto; a biblioteca só é carregada na primeira chamada.</summary>
    /// <param name="AOwner">Quem o libera, como um formulário; ou nil.</param>
    constructor Create(AOwner: TComponent); override;

    /// <summary>Libera o objeto, a qualquer momento: o que estiver em segundo plano é interrompido, e nenhum evento vem
    /// mais.</summary>
    /// <remarks>Não espera pela rede, para que a tela feche logo: a chamada em andamento acaba sozinha, e o fim do
    /// programa espera por ela. Só não o libere em <c>OnEtapa</c> enquanto um dos outros métodos espera.</remarks>
    destructor Destroy; override;
  end;

  // A call in the background. It comes near its owner on the main thread only, where the owner may be freed at any moment;
  // it outlives the owner as long as the library takes to stop.
  TWorker = class(TThread)
  private
    FCall: TObject; // TCall
    FRequest: UTF8String;
    FDone: Boolean;
    procedure TellStage;
    procedure TellEnd;
  protected
    procedure Execute; override;
    // The reply, still in the background.
    procedure Take(const Reply: UTF8String); virtual; abstract;
    // There is none: an exception, in its place.
    procedure Fail(const Text: string); virtual; abstract;
    // What became of it, on the main thread.
    procedure Deliver(Owner: TCallOwner); virtual; abstract;
  public
    constructor Create(Owner: TCallOwner; const Request: UTF8String);
    destructor Destroy; override;
    procedure Abandon;
  end;

// Frees the workers that are done, or all: waits for them.
procedure FreeWorkers(All: Boolean);

implementation

uses
  AverbadorApi, AverbadorJson;

type
  // One call of the library, and who is told of its stages.
  TCall = class
  private
    FOwner: TCallOwner; // nil once nobody listens any more
    FWorker: TWorker; // whose call it is; nil if the caller itself makes it
    FEvent: UTF8String;
    FStopped: Boolean;
    FRaised: TObject; // by OnEtapa; it must not pass through the library
    procedure Hear(EventJson: PAnsiChar);
    procedure Tell;
  public
    constructor Create(Owner: TCallOwner; Worker: TWorker);
    destructor Destroy; override;
    procedure Leave;
    function Execute(const Request: UTF8String): UTF8String;
  end;

var
  LibraryUsers: TThreadList; // of each TCallOwner and each TWorker that uses the library
  LoadedHere: Boolean;
  Workers: TThreadList; // of TWorker, all that are not freed yet

// The library, kept for many

procedure UseLibrary(User: TObject; const Path: string);
var
  Users: TList;
begin
  Users := LibraryUsers.LockList;
  try
    if Users.Count = 0 then
    begin
      LoadedHere := not AvLoaded;
      AvLoad(Path);
    end;
    Users.Add(User);
  finally
    LibraryUsers.UnlockList;
  end;
end;

procedure LeaveLibrary(User: TObject);
var
  Users: TList;
begin
  if LibraryUsers = nil then
    Exit; // the program ends, and some units free their forms later than this one its lists
  Users := LibraryUsers.LockList;
  try
    Users.Remove(User);
    if (Users.Count = 0) and LoadedHere then
      AvUnload;
  finally
    LibraryUsers.UnlockList;
  end;
end;

// A call and its stages

constructor TCall.Create(Owner: TCallOwner; Worker: TWorker);
begin
  inherited Create;
  FOwner := Owner;
  FWorker := Worker;
  FOwner.FCalls.Add(Self);
end;

destructor TCall.Destroy;
begin
  Leave;
  inherited Destroy;
end;

// From now on its owner hears nothing of it.
procedure TCall.Leave;
begin
  if FOwner = nil then
    Exit;
  FOwner.FCalls.Remove(Self);
  if FWorker <> nil then
    FOwner.FWorker := nil;
  FOwner := nil;
end;

function OnProgress(EventJson: PAnsiChar; Context: Pointer): LongInt; cdecl;
var
  Call: TCall;
begin
  Call := TCall(Context);
  try
    if Call.FRaised = nil then
      Call.Hear(EventJson);
  except
    Call.FRaised := TObject(AcquireExceptionObject);
    Call.FStopped := True;
  end;
  Result := Ord(Call.FStopped);
end;

function TCall.Execute(const Request: UTF8String): UTF8String;
begin
  Result := JsonTake(av_execute(PAnsiChar(Request), OnProgress, Self));
  if FRaised <> nil then
    raise FRaised;
end;

procedure TCall.Hear(EventJson: PAnsiChar);
begin
  FEvent := JsonCopy(EventJson);
  if FWorker = nil then
    Tell
  else
    FWorker.Synchronize(FWorker.TellStage);
end;

procedure TCall.Tell;
begin
  if FOwner <> nil then
    FOwner.Hear(FEvent);
end;

// In the background

// As the program shows what its event handlers raise. To be called where it is being handled.
procedure ShowRaised(Sender: TObject);
begin
  if Assigned(ApplicationHandleException) then
    ApplicationHandleException(Sender)
  else
    ShowException(ExceptObject, ExceptAddr);
end;

constructor TWorker.Create(Owner: TCallOwner; const Request: UTF8String);
begin
  FRequest := Request;
  FCall := TCall.Create(Owner, Self);
  Owner.FWorker := Self;
  UseLibrary(Self, '');
  Workers.Add(Self);
  inherited Create(False); // begins when all constructors are through
end;

destructor TWorker.Destroy;
begin
  inherited Destroy; // waits for the thread
  FCall.Free;
  LeaveLibrary(Self);
end;

procedure TWorker.Abandon;
begin
  TCall(FCall).FStopped := True;
  TCall(FCall).Leave;
end;

procedure TWorker.Execute;
begin
  try
    Take(TCall(FCall).Execute(FRequest));
  except
    on E: Exception do
      Fail(string(E.Message)); // out of memory, at worst
  end;
  Synchronize(TellEnd);
  FDone := True;
end;

procedure TWorker.TellStage;
begin
  try
    TCall(FCall).Tell;
  except
    TCall(FCall).FStopped := True;
    ShowRaised(Self);
  end;
end;

procedure TWorker.TellEnd;
var
  Owner: TCallOwner;
begin
  Owner := TCall(FCall).FOwner;
  if Owner = nil then
    Exit;
  TCall(FCall).Leave;
  try
    Deliver(Owner);
  except
    ShowRaised(Self);
  end;
end;

// Takes a worker off the list: one that is done, or any. nil if there is none.
function TakeWorker(Any: Boolean): TWorker;
var
  List: TList;
  I: Integer;
begin
  Result := nil;
  if Workers = nil then
    Exit; // as above
  List := Workers.LockList;
  try
    for I := 0 to List.Count - 1 do
      if (Result = nil) and (Any or TWorker(List[I]).FDone) then
        Result := TWorker(List[I]);
    List.Remove(Result);
  finally
    Workers.UnlockList;
  end;
end;

procedure FreeWorkers(All: Boolean);
var
  Worker: TWorker;
begin
  Worker := TakeWorker(All);
  while Worker <> nil do
  begin
    Worker.Abandon;
    Worker.Free;
    Worker := TakeWorker(All);
  end;
end;

// The owner

constructor TCallOwner.Create(AOwner: TComponent);
begin
  inherited Create(AOwner);
  FCalls := TThreadList.Create;
end;

destructor TCallOwner.Destroy;
begin
  if FWorker <> nil then
    TWorker(FWorker).Abandon;
  FreeWorkers(False);
  if FUsesLibrary then
    LeaveLibrary(Self);
  FCalls.Free;
  inherited Destroy;
end;

procedure TCallOwner.NeedLibrary(const Path: string);
begin
  if not FUsesLibrary then
    UseLibrary(Self, Path);
  FUsesLibrary := True;
end;

function TCallOwner.Execute(const Request: UTF8String): UTF8String;
var
  Call: TCall;
begin
  Call := TCall.Create(Self, nil);
  try
    Result := Call.Execute(Request);
  finally
    Call.Free;
  end;
end;

procedure TCallOwner.StopCalls;
var
  Calls: TList;
  I: Integer;
begin
  Calls := FCalls.LockList;
  try
    for I := 0 to Calls.Count - 1 do
      TCall(Calls[I]).FStopped := True;
  finally
    FCalls.UnlockList;
  end;
end;

function TCallOwner.HasWorker: Boolean;
begin
  Result := FWorker <> nil;
end;

initialization
  LibraryUsers := TThreadList.Create;
  Workers := TThreadList.Create;

finalization
  FreeWorkers(True);
  FreeAndNil(Workers);
  FreeAndNil(LibraryUsers);

end.
