program siemtestes;

// Tests what is behind SIEM's windows, with the real library and the simulator, which must be in the program's folder.

{$mode delphi}{$H+}
{$IFDEF WINDOWS} {$APPTYPE CONSOLE} {$ENDIF}

uses
  {$IFDEF UNIX} cthreads, {$ENDIF} LazUTF8, Classes, ConsoleTestRunner, TesteSenha, TesteDados, TesteAverbacao;

var
  Runner: TTestRunner;

begin
  Runner := TTestRunner.Create(nil);
  Runner.Initialize;
  Runner.Run;
  Runner.Free;
end.
