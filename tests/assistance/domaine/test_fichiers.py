"""Les fichiers joints : ce qui est admis, et la table de ce qui se déguise."""

import random
import struct
from contextlib import suppress

import pytest

from assistance.domaine.fichiers import TAILLE_MAX, FichierRefuse, nom_sur, reconnaitre
from tests.assistance.fichiers import (
    DOCX,
    EXE,
    JPEG,
    PDF,
    PPT,
    PPTX,
    SVG,
    XLS,
    XLSX,
    archive,
    biff,
    ole,
    ooxml,
    png,
)

PNG = png()
VBA_PPT = struct.pack("<HHIIII", 0x0002, 0x0400, 12, 1, 1, 2)
SANS_VBA_PPT = struct.pack("<HHIIII", 0x0002, 0x0400, 12, 0, 0, 2)
MACRO = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"


@pytest.mark.parametrize(
    ("nom", "contenu", "type_mime"),
    [
        pytest.param("a.pdf", PDF, "application/pdf", id="pdf"),
        pytest.param("a.PNG", PNG, "image/png", id="png, extension en capitales"),
        pytest.param("photo.jpg", JPEG, "image/jpeg", id="jpg"),
        pytest.param("photo.jpeg", JPEG, "image/jpeg", id="jpeg"),
        pytest.param("t.xls", XLS, "application/vnd.ms-excel", id="xls"),
        pytest.param("t.ppt", PPT, "application/vnd.ms-powerpoint", id="ppt"),
        pytest.param("t.ppt", ole(("PowerPoint Document", SANS_VBA_PPT)), "application/vnd.ms-powerpoint", id="ppt, zéro macro"),
        pytest.param("t.xlsx", XLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", id="xlsx"),
        pytest.param("t.pptx", PPTX, "application/vnd.openxmlformats-officedocument.presentationml.presentation", id="pptx"),
        pytest.param("t.pdf", PDF.replace(b"\n%%EOF\n", b"\n%%EOF\r\n\x00\n"), "application/pdf", id="pdf, blancs à la fin"),
        pytest.param("t.pdf", PDF.replace(b"trailer", b"3 0 obj\n<<>>\nstream\n/JS (x)\nendstream\nendobj\ntrailer"), "application/pdf", id="pdf, octets d’un flux qui ressemblent à un nom"),
    ],
)  # fmt: skip
def test_un_fichier_bien_forme_est_reconnu(nom, contenu, type_mime):
    assert reconnaitre(nom, contenu) == type_mime


@pytest.mark.parametrize(
    ("nom", "contenu", "raison"),
    [
        pytest.param("a.pdf", b"", "vide", id="vide"),
        pytest.param("a.pdf", PDF.ljust(TAILLE_MAX + 1, b"\n"), "1 Mo", id="trop gros d’un octet"),
        pytest.param("a.pdf", EXE, "son nom annonce", id="programme renommé en pdf"),
        pytest.param("a.exe", EXE, "pas admis", id="programme"),
        pytest.param("a.svg", SVG, "pas admis", id="svg"),
        pytest.param("a.png", SVG, "son nom annonce", id="svg renommé en png"),
        pytest.param("a.pdf.exe", PDF, "pas admis", id="double extension"),
        pytest.param("pdf", PDF, "pas admis", id="sans extension"),
        pytest.param("a.png", JPEG, "son nom annonce", id="jpeg renommé en png"),
        pytest.param("a.docx", DOCX, "pas admis", id="docx"),
        pytest.param("a.xlsx", DOCX, "son nom annonce", id="docx renommé en xlsx"),
        pytest.param("a.xlsx", PPTX, "son nom annonce", id="pptx renommé en xlsx"),
        pytest.param("a.xls", XLSX, "son nom annonce", id="xlsx renommé en xls"),
        pytest.param("a.xls", PPT, "son nom annonce", id="ppt renommé en xls"),
        pytest.param("a.xls", ole(("WordDocument", b"x")), "son nom annonce", id="doc renommé en xls"),
        pytest.param("a.pdf", b"<html>" + PDF, "son nom annonce", id="html puis pdf"),
        pytest.param("a.pdf", PDF + archive({"a": "b"}), "à sa suite", id="pdf suivi d’une archive"),
        pytest.param("a.pdf", PDF + b"<script>", "à sa suite", id="pdf suivi de html"),
        pytest.param("a.pdf", PDF[:60], "abîmé", id="pdf coupé"),
        pytest.param("a.pdf", PDF.replace(b"/Pages 2", b"/OpenAction << /S /JavaScript >> /Pages 2"), "macro", id="pdf à script"),
        pytest.param("a.pdf", PDF.replace(b"/Pages 2", b"/J#61vaScript 3 0 R /Pages 2"), "macro", id="pdf à script masqué"),
        pytest.param("a.pdf", PDF.replace(b"/Pages 2", b"/Launch 3 0 R /Pages 2"), "macro", id="pdf qui lance"),
        pytest.param("a.png", PNG + archive({"a": "b"}), "à sa suite", id="png suivi d’une archive"),
        pytest.param("a.png", PNG + b"<?php", "à sa suite", id="png suivi de code"),
        pytest.param("a.png", PNG[:-6], "abîmé", id="png coupé"),
        pytest.param("a.png", PNG[:30] + b"X" + PNG[31:], "abîmé", id="png altéré"),
        pytest.param("a.png", png(90_000, 90_000), "abîmé", id="png démesuré"),
        pytest.param("a.jpg", JPEG + archive({"a": "b"}), "à sa suite", id="jpeg suivi d’une archive"),
        pytest.param("a.jpg", JPEG[:-2], "abîmé", id="jpeg coupé"),
        pytest.param("a.jpg", JPEG[:6], "abîmé", id="jpeg réduit à son début"),
        pytest.param("a.xlsx", archive({"a": "b"}), "son nom annonce", id="archive renommée en xlsx"),
        pytest.param("a.xlsx", PDF + XLSX, "son nom annonce", id="pdf puis xlsx"),
        pytest.param("a.xlsx", XLSX + b"<script>", "à sa suite", id="xlsx suivi de html"),
        pytest.param("a.xlsx", XLSX + PDF, "à sa suite", id="xlsx suivi d’un pdf"),
        pytest.param("a.xlsx", ooxml("xl/workbook.xml", **{"xl/media/a": b"\0" * 60_000_000}), "trop gros", id="bombe"),
        pytest.param("a.xlsx", ooxml("xl/workbook.xml", **{f"xl/{n}": "" for n in range(2_100)}), "trop gros", id="trop d’entrées"),
        pytest.param("a.xlsx", ooxml("xl/workbook.xml", **{"xl/vbaProject.bin": b"x"}), "macro", id="xlsx à macro"),
        pytest.param("a.pptx", ooxml("ppt/presentation.xml", **{"ppt/activeX/a.xml": b"x"}), "macro", id="pptx à contrôle actif"),
        pytest.param("a.xlsx", ooxml("xl/workbook.xml", MACRO), "macro", id="xlsm renommé en xlsx"),
        pytest.param("a.xlsx", ooxml("xl/workbook.xml", **{"../../etc/passwd": b"x"}), "abîmé", id="chemin qui remonte"),
        pytest.param("a.xlsx", XLSX[:60] + b"\xff\xff\xff" + XLSX[63:], "abîmé", id="xlsx altéré"),
        pytest.param("a.xls", ole(("Workbook", biff(0)), ("_VBA_PROJECT_CUR", b"x")), "macro", id="xls à macro"),
        pytest.param("a.xls", ole(("Workbook", biff(0, 1))), "macro", id="xls à feuille macro Excel 4"),
        pytest.param("a.xls", ole(("EncryptedPackage", b"x")), "mot de passe", id="xls chiffré"),
        pytest.param("a.xls", ole(("Workbook", struct.pack("<HHI", 0x002F, 4, 1) + biff(0))), "mot de passe", id="xls à mot de passe"),
        pytest.param("a.xls", ole(("Workbook", biff(0)), ("\x01Ole10Native", EXE)), "macro", id="xls à programme incorporé"),
        pytest.param("a.ppt", ole(("PowerPoint Document", VBA_PPT)), "macro", id="ppt à macro"),
        pytest.param("a.xls", XLS + archive({"a": "b"}), "à sa suite", id="xls suivi d’une archive"),
        pytest.param("a.xls", XLS[:1600], "abîmé", id="xls coupé"),
        pytest.param("a.xls", XLS[:48] + b"\xf0\xff\x00\x00" + XLS[52:], "abîmé", id="xls au répertoire hors du fichier"),
    ],
)  # fmt: skip
def test_un_fichier_qui_ment_ou_agit_est_refuse_avec_sa_raison(nom, contenu, raison):
    with pytest.raises(FichierRefuse, match=raison):
        reconnaitre(nom, contenu)


def test_une_taille_annoncee_fausse_ne_fait_pas_croire_a_un_petit_fichier():
    bombe = bytearray(ooxml("xl/workbook.xml", **{"xl/media/a": b"\0" * 60_000_000}))
    vraie = struct.pack("<I", 60_000_000)
    for place in (bombe.find(vraie), bombe.rfind(vraie)):
        bombe[place : place + 4] = struct.pack("<I", 10)

    with pytest.raises(FichierRefuse):
        reconnaitre("a.xlsx", bytes(bombe))


@pytest.mark.parametrize(
    ("nom", "contenu"),
    [("a.pdf", PDF), ("a.png", PNG), ("a.jpg", JPEG), ("a.xls", XLS), ("a.ppt", PPT), ("a.xlsx", XLSX)],
)
def test_un_fichier_abime_n_est_jamais_une_panne(nom, contenu):
    """Coupé n’importe où, un octet changé n’importe où : admis ou refusé, rien d’autre, et vite."""
    hasard = random.Random(9)
    for _ in range(150):
        altere = bytearray(contenu[: hasard.randrange(1, len(contenu) + 1)])
        altere[hasard.randrange(len(altere))] = hasard.randrange(256)
        with suppress(FichierRefuse):
            reconnaitre(nom, bytes(altere))


@pytest.mark.parametrize(
    ("recu", "garde"),
    [
        ("capture.png", "capture.png"),
        ("C:\\Users\\moi\\capture.png", "capture.png"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("a\u202efdp.exe", "afdp.exe"),
        ("a\r\nX-Injecte: 1.pdf", "aX-Injecte: 1.pdf"),
        ("é" * 300 + ".pdf", "é" * 146 + ".pdf"),
        ("a." + "x" * 300, "x" * 150),
    ],
)  # fmt: skip
def test_le_nom_garde_ne_porte_ni_chemin_ni_signe_invisible(recu, garde):
    assert nom_sur(recu) == garde
