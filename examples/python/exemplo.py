"""Averba CT-e em Python: um, com as etapas; vários; consulta; lista; e um que é recusado.

    python exemplo.py BIBLIOTECA AJUSTES USUARIO SENHA CTE VARIOS RECUSADO

AJUSTES é um arquivo JSON ("{}" são os normais); CTE, um XML; VARIOS, uma pasta ou um ZIP; RECUSADO, um XML que não serve.
Termina com 0 se os primeiros foram averbados, 1 se algo falhou, 2 se o uso foi errado.
"""

import json
import sys

from averbador import Averbador


def mostrar_erro(resposta):
    erro = resposta["error"][0]
    print(f"  Código: {erro['code']}")
    print(f"  Mensagem: {erro['msg']}")  # em português, pronta para o usuário
    print(f"  Repetir: {sim(erro.get('repetir'))}")  # tentar de novo, mais tarde, pode resolver
    print(f"  Incerto: {sim(erro.get('incerto'))}")  # pode ter sido feito: consultar antes de enviar de novo


def sim(valor):
    return "sim" if valor else "não"


def mostrar_etapa(evento):
    if evento["estado"] in ("inicio", "repetindo"):
        print(f"  {evento['n']}/{evento['total']} {evento['msg']}")


def mostrar_protocolo(resposta):
    if resposta["status"] == 1:
        print(f"  {resposta['chave']} averbado: {resposta['protocolo']}")  # o número que vai no MDF-e
    else:
        mostrar_erro(resposta)
    return resposta["status"] == 1


def averbar_varios(porto, acesso, pasta):
    resposta = porto.executar({"mod": "Averba", "cte": pasta, **acesso})
    for documento in resposta.get("S", []):
        print(f"  {documento['arquivo']}: {documento['situacao']} {documento.get('protocolo', '')}".rstrip())
    if resposta["status"] != 1:
        mostrar_erro(resposta)
    return resposta["status"] == 1


def listar(porto, acesso, numero):
    resposta = porto.executar({"mod": "Lista", "numero": numero, **acesso})
    for documento in resposta.get("S", []):
        print(f"  {documento['chave']} averbado: {sim(documento['averbado'])}, cancelado: {sim(documento['cancelado'])}")
    if resposta["status"] != 1:
        mostrar_erro(resposta)
    return resposta["status"] == 1


def exemplo(porto, ajustes, usuario, senha, cte, varios, recusado):
    print(f"averbador {porto.versao}")
    configurado = porto.configurar(ajustes)
    if configurado["status"] != 1:
        mostrar_erro(configurado)
        return False

    print("1. Entrar")
    sessao = porto.login(usuario, senha)
    if sessao["status"] != "1":  # só aqui `status` é texto
        mostrar_erro(sessao)
        return False
    # O cookie vale por dias: um programa de verdade o guarda. Com usuário e senha, a sessão que acabou é renovada, e
    # então a resposta traz o novo em `cookie`.
    acesso = {"user": usuario, "pass": senha, "cookie": sessao["cookie"]}
    print("  Sessão aberta.")

    print("2. Averbar um CT-e, com as etapas")
    um = porto.executar({"mod": "Averba", "cte": cte, **acesso}, mostrar_etapa)
    certo = mostrar_protocolo(um)
    print("3. Averbar vários")
    certo &= averbar_varios(porto, acesso, varios)
    print("4. Consultar")
    certo &= mostrar_protocolo(porto.consultar(acesso["cookie"], um["chave"]))
    print("5. Listar os CT-e com o mesmo número")
    certo &= listar(porto, acesso, um["numero"])
    print("6. Um que é recusado")
    mostrar_protocolo(porto.executar({"mod": "Averba", "cte": recusado, **acesso}, mostrar_etapa))
    return certo


def main(argumentos):
    # No Windows, a saída redirecionada sairia na página de código ANSI.
    sys.stdout.reconfigure(encoding="utf-8")
    if len(argumentos) != 7:
        print(__doc__, file=sys.stderr)
        return 2
    biblioteca, ajustes, *resto = argumentos
    with open(ajustes, encoding="utf-8-sig") as arquivo:  # o Bloco de Notas põe um BOM
        ajustes = json.load(arquivo)
    with Averbador(biblioteca) as porto:
        return 0 if exemplo(porto, ajustes, *resto) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
