"""Le Markdown des contenus : mis en forme, jamais dangereux."""

import pytest

from assistance.domaine.textes import en_html


def test_la_mise_en_forme_utile_passe():
    html = en_html(
        "# Titre\n\n**gras** et [lien](/faq/)\n\n1. un\n2. deux\n\n| a | b |\n|---|---|\n| 1 | 2 |", titre=3
    )

    assert "<h3>Titre</h3>" in html
    assert "<strong>gras</strong>" in html
    assert '<a href="/faq/" rel="noopener noreferrer">lien</a>' in html
    assert "<ol>" in html
    assert "<td>1</td>" in html


@pytest.mark.parametrize(
    "attaque",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "[clic](javascript:alert(1))",
        "[clic](JaVaScRiPt:alert(1))",
        "[clic](java\nscript:alert(1))",
        "[clic](&#106;avascript:alert(1))",
        "[clic](data:text/html;base64,PHNjcmlwdD4=)",
        "[clic](vbscript:msgbox)",
        "![x](https://exemple.invalid/pixel.png)",
        '<https://exemple.invalid/"onmouseover=alert(1)>',
        "<a href='javascript:alert(1)'>x</a>",
        "<iframe src='https://exemple.invalid'></iframe>",
        "<style>*{display:none}</style>",
        "<div style='position:fixed'>x</div>",
        "<math><mi xlink:href='javascript:alert(1)'>x",
        "[ref]: javascript:alert(1)\n\n[ref]",
        "<scr<script>ipt>alert(1)</scr</script>ipt>",
        "`<script>`",
        "# <img src=x onerror=alert(1)>",
    ],
)
def test_aucune_attaque_ne_devient_du_html(attaque):
    html = en_html(attaque)

    balises = html.replace("&lt;", "").lower()
    for interdit in ("<script", "<img", "<svg", "<iframe", "<style", "<div", "<math", "<scr"):
        assert interdit not in balises
    assert 'href="javascript' not in balises
    assert 'href="data:' not in balises
    assert 'href="vbscript' not in balises
    assert 'href="&#' not in balises
    assert "<a href" not in balises or 'href="https://' in balises


def test_le_html_ecrit_dans_un_texte_s_affiche_tel_quel():
    assert "&lt;b&gt;gras&lt;/b&gt;" in en_html("<b>gras</b>")
