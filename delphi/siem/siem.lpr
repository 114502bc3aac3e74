program siem;

// SIEM: the screens of an ERP that has its CT-e endorsed at Porto Seguro.
//
// Options, for trying it out:
//   --simulador            start the simulator, which lies beside this program, and use it; with invented CT-e
//   --simulador=SETTINGS   use the simulator that wrote these settings
//   --falha=SPEC           a fault for the simulator to make, as its --help tells
//   --dados=FOLDER         where the database is, instead of the user's own folder

{$mode delphi}{$H+}

uses
  {$IFDEF UNIX} cthreads, {$ENDIF} Interfaces, SysUtils, Forms, SiemInicio, SiemPrincipal;

{$IFDEF WINDOWS} {$R siem.rc} {$ENDIF}

begin
  RequireDerivedFormResource := True;
  Application.Title := 'SIEM';
  Application.Scaled := True;
  Application.MainFormOnTaskBar := True; // minimised, it can be told from other programs by its title
  Application.ShowButtonGlyphs := sbgNever;
  Application.Initialize;
  if not Prepare then
    Exit;
  Application.CreateForm(TPrincipalForm, PrincipalForm);
  Application.Run;
end.
