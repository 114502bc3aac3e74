//! The files of an MDF-e: its XML and its DAMDFE.

use super::key;
use super::mdfe::Mdfe;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
const NAMESPACE: &str = "http://www.portalfiscal.inf.br/mdfe";

/// The XML, with the protocol if there is one, as far as a client looks at it: it is not signed and not complete.
pub(super) fn xml(mdfe: &Mdfe) -> String {
    let Mdfe { key, series, number, protocol, body, .. } = mdfe;
    let text = |name: &str| body[name].as_str().unwrap_or_default();
    let at = &mdfe.log[0].at;
    let ide = format!(
        "<cUF>{}</cUF><tpAmb>{}</tpAmb><tpEmit>{}</tpEmit><mod>{}</mod><serie>{series}</serie>\
         <nMDF>{number}</nMDF><cMDF>{}</cMDF><cDV>{}</cDV><modal>{}</modal><dhEmi>{at}</dhEmi><tpEmis>{}</tpEmis><UFIni>{}</UFIni>\
         <UFFim>{}</UFFim>",
        key::UF,
        body["ambiente"],
        body["emitente"],
        key::MODEL,
        &key[35..43],
        &key[43..],
        body["modalidade"],
        &key[34..35],
        text("uf_carregamento"),
        text("uf_descarregamento"),
    );
    let document = format!(
        "<MDFe xmlns=\"{NAMESPACE}\"><infMDFe versao=\"3.00\" Id=\"MDFe{key}\"><ide>{ide}</ide><emit><CNPJ>{}</CNPJ></emit>\
         <tot><vCarga>{}</vCarga><cUnid>{}</cUnid><qCarga>{}</qCarga></tot></infMDFe></MDFe>",
        key::CNPJ,
        text("valor_carga"),
        text("unidade"),
        text("peso_bruto"),
    );
    match protocol.as_str() {
        "" => format!("{DECLARATION}{document}"),
        _ => format!(
            "{DECLARATION}<mdfeProc xmlns=\"{NAMESPACE}\" versao=\"3.00\">{document}{}</mdfeProc>",
            authorization(mdfe)
        ),
    }
}

/// SEFAZ's protocol.
fn authorization(mdfe: &Mdfe) -> String {
    let Mdfe { key, protocol, body, log, .. } = mdfe;
    let at = log.iter().find(|entry| entry.protocol == *protocol).map_or("", |entry| &entry.at);
    format!(
        "<protMDFe versao=\"3.00\"><infProt><tpAmb>{}</tpAmb><chMDFe>{key}</chMDFe><dhRecbto>{at}</dhRecbto>\
         <nProt>{protocol}</nProt><cStat>100</cStat><xMotivo>Autorizado o uso do MDF-e</xMotivo></infProt></protMDFe>",
        body["ambiente"],
    )
}

/// A PDF of one page that says whose it is and that it is worth nothing.
pub(super) fn pdf(mdfe: &Mdfe) -> Vec<u8> {
    let lines =
        ["DAMDFE - simulador, sem valor fiscal".to_owned(), mdfe.key.clone(), format!("Protocolo {}", mdfe.protocol)];
    let shown: String = lines.iter().map(|line| format!("({line}) Tj T* ")).collect();
    let content = format!("BT /F1 12 Tf 16 TL 50 780 Td {shown}ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 4 0 R >> >> /Contents 5 0 R >>"
            .to_owned(),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
        format!("<< /Length {} >>\nstream\n{content}\nendstream", content.len()),
    ];
    let mut file = "%PDF-1.4\n".to_owned();
    let mut table = "0000000000 65535 f \n".to_owned();
    for (object, number) in objects.iter().zip(1..) {
        table.push_str(&format!("{:010} 00000 n \n", file.len()));
        file.push_str(&format!("{number} 0 obj\n{object}\nendobj\n"));
    }
    let (start, size) = (file.len(), objects.len() + 1);
    file.push_str(&format!(
        "xref\n0 {size}\n{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    ));
    file.into_bytes()
}
