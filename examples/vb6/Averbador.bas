Attribute VB_Name = "Averbador"
' O averbador em VB6 (e VBA de 32 bits). Nao testado por nos: veja examples/LEIAME.md.
'
' A DLL so exporta cdecl, e Declare so chama stdcall; por isso as funcoes sao chamadas pelo endereco, com DispCallFunc.
' As etapas nao podem ser usadas: o que AddressOf da e stdcall. (Sem acentos: o VB6 le o fonte na pagina de codigo ANSI.)
Option Explicit

Private Declare Function LoadLibraryW Lib "kernel32" (ByVal Caminho As Long) As Long
Private Declare Function GetProcAddress Lib "kernel32" (ByVal Modulo As Long, ByVal Nome As String) As Long
Private Declare Function lstrlenA Lib "kernel32" (ByVal Texto As Long) As Long
Private Declare Function MultiByteToWideChar Lib "kernel32" (ByVal Pagina As Long, ByVal Opcoes As Long, _
    ByVal Bytes As Long, ByVal Quantos As Long, ByVal Letras As Long, ByVal Lugar As Long) As Long
Private Declare Function WideCharToMultiByte Lib "kernel32" (ByVal Pagina As Long, ByVal Opcoes As Long, _
    ByVal Letras As Long, ByVal Quantas As Long, ByVal Bytes As Long, ByVal Lugar As Long, _
    ByVal Padrao As Long, ByVal UsouPadrao As Long) As Long
Private Declare Function DispCallFunc Lib "oleaut32" (ByVal Objeto As Long, ByVal Endereco As Long, _
    ByVal Convencao As Long, ByVal TipoDoRetorno As Integer, ByVal Quantos As Long, _
    Tipos As Integer, Valores As Long, Retorno As Variant) As Long

Private Const CP_UTF8 As Long = 65001
Private Const CC_CDECL As Long = 1

Private Modulo As Long

' Antes de tudo, uma vez. A DLL deve ser a de 32 bits; de o caminho inteiro.
Public Sub AvCarregar(ByVal Caminho As String)
    Modulo = LoadLibraryW(StrPtr(Caminho))
    If Modulo = 0 Then Err.Raise 53, "Averbador", Caminho & ": erro " & Err.LastDllError
End Sub

Public Function AvConfigurar(ByVal Ajustes As String) As String
    Dim A() As Byte
    A = Utf8(Ajustes)
    AvConfigurar = Receber(Chamar("av_configure", VarPtr(A(0))))
End Function

Public Function AvLogin(ByVal Usuario As String, ByVal Senha As String) As String
    Dim U() As Byte, S() As Byte
    U = Utf8(Usuario)
    S = Utf8(Senha)
    AvLogin = Receber(Chamar("av_login", VarPtr(U(0)), VarPtr(S(0))))
End Function

Public Function AvConsultar(ByVal Cookie As String, ByVal Chave As String) As String
    Dim K() As Byte, C() As Byte
    K = Utf8(Cookie)
    C = Utf8(Chave)
    AvConsultar = Receber(Chamar("av_consulta", VarPtr(K(0)), VarPtr(C(0))))
End Function

' Faz o que o "mod" do pedido diz, sem etapas (NULL).
Public Function AvExecutar(ByVal Pedido As String) As String
    Dim P() As Byte
    P = Utf8(Pedido)
    AvExecutar = Receber(Chamar("av_execute", VarPtr(P(0)), 0&, 0&))
End Function

' Um valor de uma resposta, como AvCampo(Resposta, "/error/0/msg"); "" se nao ha.
Public Function AvCampo(ByVal Json As String, ByVal Ponteiro As String) As String
    Dim J() As Byte, P() As Byte
    J = Utf8(Json)
    P = Utf8(Ponteiro)
    AvCampo = Receber(Chamar("av_field", VarPtr(J(0)), VarPtr(P(0))))
End Function

' No fim do programa.
Public Sub AvEncerrar()
    Chamar "av_shutdown"
End Sub

' Um texto entre aspas de JSON: escapa aspas, barras e controles, que ha em caminhos e senhas.
Public Function AvTextoJson(ByVal Texto As String) As String
    Dim I As Long, C As String
    AvTextoJson = """"
    For I = 1 To Len(Texto)
        C = Mid$(Texto, I, 1)
        Select Case AscW(C)
            Case 0 To 31: C = "\u" & Right$("000" & Hex$(AscW(C)), 4)
            Case 34, 92: C = "\" & C
        End Select
        AvTextoJson = AvTextoJson & C
    Next
    AvTextoJson = AvTextoJson & """"
End Function

' Todo argumento e um endereco ou 0, e todo retorno cabe em 32 bits. (O que av_free e av_shutdown "devolvem" nao importa.)
Private Function Chamar(ByVal Nome As String, ParamArray Argumentos() As Variant) As Long
    Dim Tipos(0 To 2) As Integer, Enderecos(0 To 2) As Long, Valores(0 To 2) As Variant
    Dim Retorno As Variant, Funcao As Long, I As Long, Erro As Long
    Funcao = GetProcAddress(Modulo, Nome)
    If Funcao = 0 Then Err.Raise 453, "Averbador", "Falta na DLL a funcao " & Nome
    For I = 0 To UBound(Argumentos)
        Valores(I) = CLng(Argumentos(I))
        Tipos(I) = vbLong
        Enderecos(I) = VarPtr(Valores(I))
    Next
    Erro = DispCallFunc(0, Funcao, CC_CDECL, vbLong, UBound(Argumentos) + 1, Tipos(0), Enderecos(0), Retorno)
    If Erro <> 0 Then Err.Raise Erro, "Averbador", Nome
    Chamar = Retorno
End Function

' O texto que a DLL devolveu, e que e nosso ate voltar a ela por av_free.
Private Function Receber(ByVal Texto As Long) As String
    Dim Bytes As Long, Letras As Long
    If Texto = 0 Then Exit Function
    Bytes = lstrlenA(Texto)
    Letras = MultiByteToWideChar(CP_UTF8, 0, Texto, Bytes, 0, 0)
    Receber = String$(Letras, vbNullChar)
    If Letras > 0 Then MultiByteToWideChar CP_UTF8, 0, Texto, Bytes, StrPtr(Receber), Letras
    Chamar "av_free", Texto
End Function

' Em UTF-8, com o NUL no fim.
Private Function Utf8(ByVal Texto As String) As Byte()
    Dim Bytes() As Byte, Quantos As Long
    If Len(Texto) > 0 Then Quantos = WideCharToMultiByte(CP_UTF8, 0, StrPtr(Texto), Len(Texto), 0, 0, 0, 0)
    ReDim Bytes(0 To Quantos)
    If Quantos > 0 Then WideCharToMultiByte CP_UTF8, 0, StrPtr(Texto), Len(Texto), VarPtr(Bytes(0)), Quantos, 0, 0
    Utf8 = Bytes
End Function
