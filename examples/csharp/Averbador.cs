// O averbador em C#: .NET Framework 4.5 ou posterior, .NET moderno e Mono; 32 e 64 bits. Só este arquivo, em C# 5: compila
// também com o csc.exe que vem no Windows.
//
// Não há JSON aqui, porque o .NET Framework não tem um que sirva em todos: Resposta.Texto tira um valor, pela própria
// biblioteca. Quem usa System.Text.Json ou Newtonsoft.Json lê Resposta.Json.

using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text;

/// <summary>
/// A biblioteca. Vale para o processo todo: uma instância basta, e pode ser usada de qualquer thread. As chamadas esperam
/// pela rede: numa tela, use Task.Run. O que a rede, o serviço ou o arquivo tiverem de errado vem na resposta; exceção é erro de
/// instalação, ou da função de etapas.
/// </summary>
public sealed class Averbador : IDisposable
{
    // Sempre cdecl: o que falta aqui é stdcall em 32 bits, e desarruma a pilha. Os textos vão como bytes, porque não há
    // UTF-8 entre os tipos do .NET Framework; e voltam como IntPtr, porque o que se marca como string ele libera com
    // CoTaskMemFree, e o certo é av_free.
    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate IntPtr UmTexto(byte[] a);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate IntPtr DoisTextos(byte[] a, byte[] b);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int AoProgresso(IntPtr evento, IntPtr contexto);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate IntPtr Execute(byte[] pedido, AoProgresso aoProgresso, IntPtr contexto);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate void Free(IntPtr texto);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate IntPtr Version();

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate void Shutdown();

    private readonly DoisTextos login, consulta, field;
    private readonly Execute execute;
    private readonly UmTexto configure;
    private readonly Free free;
    private readonly Version version;
    private readonly Shutdown shutdown;

    /// <summary>
    /// Carrega a DLL da largura do processo. Um programa "Any CPU" é de 64 bits num Windows de 64: leve as duas, e escolha por
    /// Environment.Is64BitProcess. Dê o caminho inteiro: só com o nome, é o Windows quem decide em que pastas procurar, e qual
    /// DLL acha primeiro. (É por isso que não há [DllImport("averbador")], cujo nome é fixo.)
    /// </summary>
    public Averbador(string biblioteca)
    {
        // A biblioteca fica na memória até o fim do processo, por projeto: não há o que descarregar em Dispose.
        IntPtr modulo = Sistema.Carregar(biblioteca);
        login = Funcao<DoisTextos>(modulo, "av_login");
        consulta = Funcao<DoisTextos>(modulo, "av_consulta");
        field = Funcao<DoisTextos>(modulo, "av_field");
        execute = Funcao<Execute>(modulo, "av_execute");
        configure = Funcao<UmTexto>(modulo, "av_configure");
        free = Funcao<Free>(modulo, "av_free");
        version = Funcao<Version>(modulo, "av_version");
        shutdown = Funcao<Shutdown>(modulo, "av_shutdown");
    }

    public string Versao
    {
        get { return Utf8.Ler(version()); } // estático: este não se libera
    }

    public Resposta Configurar(string ajustes)
    {
        return Receber(configure(Utf8.Bytes(ajustes)));
    }

    public Resposta Login(string usuario, string senha)
    {
        return Receber(login(Utf8.Bytes(usuario), Utf8.Bytes(senha)));
    }

    public Resposta Consultar(string cookie, string chave)
    {
        return Receber(consulta(Utf8.Bytes(cookie), Utf8.Bytes(chave)));
    }

    /// <summary>
    /// Faz o que o "mod" do pedido diz. <paramref name="etapa"/> é chamada a cada etapa; se devolver true, a chamada para
    /// assim que for seguro. Ela roda nesta mesma thread, que está esperando: para mexer na tela, use Control.BeginInvoke.
    /// </summary>
    public Resposta Executar(string pedido, Func<Resposta, bool> etapa = null)
    {
        ExceptionDispatchInfo erro = null;
        AoProgresso aoProgresso = (evento, contexto) =>
        {
            // Uma exceção não pode atravessar a biblioteca: é guardada, a chamada para, e ela segue depois, abaixo.
            try
            {
                return etapa(new Resposta(this, Utf8.Ler(evento))) ? 1 : 0; // o texto do evento é da biblioteca
            }
            catch (Exception e)
            {
                erro = ExceptionDispatchInfo.Capture(e);
                return 1;
            }
        };
        Resposta resposta = Receber(execute(Utf8.Bytes(pedido), etapa == null ? null : aoProgresso, IntPtr.Zero));
        // O coletor não vê que a biblioteca tem a função: sem isto, poderia levá-la no meio da chamada.
        GC.KeepAlive(aoProgresso);
        if (erro != null) erro.Throw();
        return resposta;
    }

    /// <summary>Espera pelas chamadas em andamento e fecha conexões e threads. A próxima chamada começa de novo.</summary>
    public void Dispose()
    {
        shutdown();
    }

    /// <summary>Um valor de um JSON, por um ponteiro como "/error/0/msg"; null se não há.</summary>
    internal string Campo(string json, string ponteiro)
    {
        return Receber(field(Utf8.Bytes(json), Utf8.Bytes(ponteiro))).Json;
    }

    /// <summary>O texto que a biblioteca devolveu, e que é nosso até voltar a ela. av_free(NULL) não faz nada.</summary>
    private Resposta Receber(IntPtr texto)
    {
        try
        {
            return new Resposta(this, Utf8.Ler(texto));
        }
        finally
        {
            free(texto);
        }
    }

    private static T Funcao<T>(IntPtr modulo, string nome) where T : class
    {
        return (T)(object)Marshal.GetDelegateForFunctionPointer(Sistema.Endereco(modulo, nome), typeof(T));
    }

    private static class Sistema
    {
        public static IntPtr Carregar(string caminho)
        {
            IntPtr modulo = NoWindows ? LoadLibraryW(caminho) : dlopen(Utf8.Bytes(caminho), 2 /* RTLD_NOW */);
            if (modulo != IntPtr.Zero) return modulo;
            // No Windows: 126, não existe; 193, é de outra largura.
            throw new DllNotFoundException(NoWindows
                ? caminho + ": " + new Win32Exception(Marshal.GetLastWin32Error()).Message
                : Utf8.Ler(dlerror()));
        }

        public static IntPtr Endereco(IntPtr modulo, string nome)
        {
            IntPtr endereco = NoWindows ? GetProcAddress(modulo, nome) : dlsym(modulo, nome);
            if (endereco == IntPtr.Zero) throw new EntryPointNotFoundException(nome);
            return endereco;
        }

        private static bool NoWindows
        {
            get { return Environment.OSVersion.Platform == PlatformID.Win32NT; }
        }

        [DllImport("kernel32", CharSet = CharSet.Unicode, SetLastError = true, ExactSpelling = true)]
        private static extern IntPtr LoadLibraryW(string caminho);

        [DllImport("kernel32", CharSet = CharSet.Ansi, ExactSpelling = true)]
        private static extern IntPtr GetProcAddress(IntPtr modulo, string nome);

        [DllImport("libdl.so.2")]
        private static extern IntPtr dlopen(byte[] caminho, int modo);

        [DllImport("libdl.so.2")]
        private static extern IntPtr dlsym(IntPtr modulo, string nome);

        [DllImport("libdl.so.2")]
        private static extern IntPtr dlerror();
    }

    private static class Utf8
    {
        public static byte[] Bytes(string texto)
        {
            return Encoding.UTF8.GetBytes(texto + '\0');
        }

        public static string Ler(IntPtr texto)
        {
            if (texto == IntPtr.Zero) return null;
            int tamanho = 0;
            while (Marshal.ReadByte(texto, tamanho) != 0) tamanho++;
            byte[] bytes = new byte[tamanho];
            Marshal.Copy(texto, bytes, 0, tamanho);
            return Encoding.UTF8.GetString(bytes);
        }
    }
}

/// <summary>Um JSON da biblioteca: uma resposta, um evento, ou uma entrada de uma lista.</summary>
public sealed class Resposta
{
    private readonly Averbador averbador;

    internal Resposta(Averbador averbador, string json)
    {
        this.averbador = averbador;
        Json = json;
    }

    public string Json { get; private set; }

    /// <summary>"status" é 1, ou "1" na resposta do login.</summary>
    public bool Sucesso
    {
        get { return Texto("/status") == "1"; }
    }

    /// <summary>Um valor, por um ponteiro JSON como "/error/0/msg"; "" se não há.</summary>
    public string Texto(string ponteiro)
    {
        return averbador.Campo(Json, ponteiro) ?? "";
    }

    /// <summary>As entradas de uma lista, como "/S".</summary>
    public IEnumerable<Resposta> Lista(string ponteiro)
    {
        for (int i = 0; ; i++)
        {
            string entrada = averbador.Campo(Json, ponteiro + "/" + i);
            if (entrada == null) yield break;
            yield return new Resposta(averbador, entrada);
        }
    }
}

/// <summary>Um pedido: {"nome":"valor",…}.</summary>
public static class Pedido
{
    /// <summary>Nomes e valores, um após o outro.</summary>
    public static string De(params string[] nomesEValores)
    {
        StringBuilder json = new StringBuilder();
        for (int i = 0; i < nomesEValores.Length; i++)
        {
            json.Append(i == 0 ? "{" : i % 2 == 1 ? ":" : ",");
            Acrescentar(json, nomesEValores[i]);
        }
        return json.Append('}').ToString();
    }

    /// <summary>Escapa aspas, barras e controles, que há em caminhos e senhas.</summary>
    private static void Acrescentar(StringBuilder json, string texto)
    {
        json.Append('"');
        foreach (char c in texto)
        {
            if (c < ' ') json.Append("\\u").Append(((int)c).ToString("x4"));
            else if (c == '"' || c == '\\') json.Append('\\').Append(c);
            else json.Append(c);
        }
        json.Append('"');
    }
}
