// Averba CT-e em C#: um, com as etapas; vários; consulta; lista; e um que é recusado.
//
//   Exemplo.exe BIBLIOTECA AJUSTES USUARIO SENHA CTE VARIOS RECUSADO
//
// AJUSTES é um arquivo JSON ("{}" são os normais); CTE, um XML; VARIOS, uma pasta ou um ZIP; RECUSADO, um XML que não serve.
// Termina com 0 se os primeiros foram averbados, 1 se algo falhou, 2 se o uso foi errado.
//
//   csc /platform:x86 Exemplo.cs Averbador.cs       Windows (em C:\Windows\Microsoft.NET\Framework\v4.0.30319)
//   mcs Exemplo.cs Averbador.cs                     Mono

using System;
using System.IO;
using System.Text;

internal static class Exemplo
{
    private static int Main(string[] argumentos)
    {
        Console.OutputEncoding = new UTF8Encoding(false); // sem BOM, que iria para a saída redirecionada
        if (argumentos.Length != 7)
        {
            Console.Error.WriteLine("Uso: Exemplo BIBLIOTECA AJUSTES USUARIO SENHA CTE VARIOS RECUSADO");
            return 2;
        }
        using (Averbador porto = new Averbador(argumentos[0]))
        {
            Acesso acesso = new Acesso { Usuario = argumentos[2], Senha = argumentos[3] };
            string ajustes = File.ReadAllText(argumentos[1]);
            return Averbar(porto, ajustes, acesso, argumentos[4], argumentos[5], argumentos[6]) ? 0 : 1;
        }
    }

    private sealed class Acesso
    {
        public string Usuario, Senha, Cookie;
    }

    private static bool Averbar(
        Averbador porto, string ajustes, Acesso acesso, string cte, string varios, string recusado)
    {
        Console.WriteLine("averbador {0}", porto.Versao);
        Resposta configurado = porto.Configurar(ajustes);
        if (!configurado.Sucesso)
        {
            MostrarErro(configurado);
            return false;
        }

        Console.WriteLine("1. Entrar");
        Resposta sessao = porto.Login(acesso.Usuario, acesso.Senha);
        if (!sessao.Sucesso)
        {
            MostrarErro(sessao);
            return false;
        }
        // O cookie vale por dias: um programa de verdade o guarda. Com usuário e senha, a sessão que acabou é renovada, e
        // então a resposta traz o novo em "cookie".
        acesso.Cookie = sessao.Texto("/cookie");
        Console.WriteLine("  Sessão aberta.");

        Console.WriteLine("2. Averbar um CT-e, com as etapas");
        Resposta um = porto.Executar(Averba(acesso, cte), MostrarEtapa);
        bool certo = MostrarProtocolo(um);
        Console.WriteLine("3. Averbar vários");
        certo &= AverbarVarios(porto, acesso, varios);
        Console.WriteLine("4. Consultar");
        certo &= MostrarProtocolo(porto.Consultar(acesso.Cookie, um.Texto("/chave")));
        Console.WriteLine("5. Listar os CT-e com o mesmo número");
        certo &= Listar(porto, acesso, um.Texto("/numero"));
        Console.WriteLine("6. Um que é recusado");
        MostrarProtocolo(porto.Executar(Averba(acesso, recusado), MostrarEtapa));
        return certo;
    }

    private static string Averba(Acesso acesso, string caminho)
    {
        return Pedido.De(
            "mod", "Averba", "user", acesso.Usuario, "pass", acesso.Senha, "cookie", acesso.Cookie, "cte", caminho);
    }

    private static bool AverbarVarios(Averbador porto, Acesso acesso, string pasta)
    {
        Resposta resposta = porto.Executar(Averba(acesso, pasta));
        foreach (Resposta documento in resposta.Lista("/S"))
        {
            string linha = string.Format("  {0}: {1} {2}",
                documento.Texto("/arquivo"), documento.Texto("/situacao"), documento.Texto("/protocolo"));
            Console.WriteLine(linha.TrimEnd());
        }
        if (!resposta.Sucesso) MostrarErro(resposta);
        return resposta.Sucesso;
    }

    private static bool Listar(Averbador porto, Acesso acesso, string numero)
    {
        Resposta resposta = porto.Executar(Pedido.De(
            "mod", "Lista", "user", acesso.Usuario, "pass", acesso.Senha, "cookie", acesso.Cookie, "numero", numero));
        foreach (Resposta documento in resposta.Lista("/S"))
        {
            Console.WriteLine("  {0} averbado: {1}, cancelado: {2}",
                documento.Texto("/chave"), Sim(documento, "/averbado"), Sim(documento, "/cancelado"));
        }
        if (!resposta.Sucesso) MostrarErro(resposta);
        return resposta.Sucesso;
    }

    // Na thread que chamou Executar. Devolver true faz a chamada parar.
    private static bool MostrarEtapa(Resposta evento)
    {
        string estado = evento.Texto("/estado");
        if (estado == "inicio" || estado == "repetindo")
        {
            Console.WriteLine("  {0}/{1} {2}", evento.Texto("/n"), evento.Texto("/total"), evento.Texto("/msg"));
        }
        return false;
    }

    // O protocolo é o número que vai no MDF-e.
    private static bool MostrarProtocolo(Resposta resposta)
    {
        if (resposta.Sucesso)
        {
            Console.WriteLine("  {0} averbado: {1}", resposta.Texto("/chave"), resposta.Texto("/protocolo"));
        }
        else
        {
            MostrarErro(resposta);
        }
        return resposta.Sucesso;
    }

    private static void MostrarErro(Resposta resposta)
    {
        Console.WriteLine("  Código: {0}", resposta.Texto("/error/0/code"));
        Console.WriteLine("  Mensagem: {0}", resposta.Texto("/error/0/msg")); // em português, pronta para o usuário
        // Repetir: tentar de novo, mais tarde, pode resolver. Incerto: pode ter sido feito: consultar antes de enviar de novo.
        Console.WriteLine("  Repetir: {0}", Sim(resposta, "/error/0/repetir"));
        Console.WriteLine("  Incerto: {0}", Sim(resposta, "/error/0/incerto"));
    }

    private static string Sim(Resposta resposta, string ponteiro)
    {
        return resposta.Texto(ponteiro) == "true" ? "sim" : "não";
    }
}
