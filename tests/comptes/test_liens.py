"""Liens et codes reçus par courriel : un seul usage, une durée, cinq codes faux."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from comptes import liens
from comptes.enums import UsageLien
from comptes.models import Lien
from tests.comptes.factories import CompteFactory

MAINTENANT = datetime(2026, 3, 17, 8, 0, tzinfo=UTC)
DUREE = timedelta(minutes=5)
IDENTITE = {"identifiant_national": "899999999060", "prenom": "Noé", "nom": "Vasseur"}

pytestmark = pytest.mark.django_db


def tirer(usage=UsageLien.CREATION, email="noe@exemple.invalid", **champs) -> liens.LienCree:
    return liens.creer(usage=usage, email=email, duree=DUREE, maintenant=MAINTENANT, **champs)


def lire(secret: str, usage=UsageLien.CREATION, apres_s: float = 0) -> Lien:
    return liens.lire(secret, usage=usage, maintenant=MAINTENANT + timedelta(seconds=apres_s))


def autre_que(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def test_le_secret_retrouve_le_lien_et_la_base_ne_le_connait_pas():
    cree = tirer(identite=IDENTITE)

    assert lire(cree.secret) == cree.lien
    valeurs = " ".join(str(valeur) for valeur in Lien.objects.values_list().get())
    assert cree.secret not in valeurs
    assert cree.code not in (cree.lien.empreinte_code, cree.lien.empreinte)
    assert len(cree.code) == 6
    assert cree.code.isdigit()


@pytest.mark.parametrize(
    ("apres_s", "valable"), [(0, True), (299, True), (300, False), (86_400, False)], ids=str
)
def test_un_lien_vaut_cinq_minutes(apres_s, valable):
    cree = tirer()

    if valable:
        assert lire(cree.secret, apres_s=apres_s) == cree.lien
    else:
        with pytest.raises(liens.LienPerime) as refus:
            lire(cree.secret, apres_s=apres_s)
        assert refus.value.lien == cree.lien


@pytest.mark.parametrize("secret", ["", "inconnu", "é" * 10, "x" * 5000, "../../etc", "%00"], ids=repr)
def test_un_secret_invente_est_inconnu(secret):
    tirer()

    with pytest.raises(liens.LienInconnu):
        lire(secret)


def test_un_lien_ne_sert_pas_a_un_autre_usage():
    cree = tirer(usage=UsageLien.ACTIVATION, compte=CompteFactory())

    with pytest.raises(liens.LienInconnu):
        lire(cree.secret, UsageLien.RATTACHEMENT)
    with pytest.raises(liens.LienInconnu):
        lire(cree.secret, (UsageLien.RATTACHEMENT, UsageLien.CREATION))
    assert lire(cree.secret, (UsageLien.ACTIVATION, UsageLien.CREATION)) == cree.lien


def test_un_lien_ne_se_consomme_qu_une_fois():
    cree = tirer()
    liens.consommer(cree.lien, maintenant=MAINTENANT)

    with pytest.raises(liens.LienPerime):
        liens.consommer(Lien.objects.get(), maintenant=MAINTENANT)
    with pytest.raises(liens.LienPerime):
        lire(cree.secret)


def test_un_nouveau_lien_remplace_celui_de_la_meme_identite_meme_a_une_autre_adresse():
    ancien = tirer(usage=UsageLien.RATTACHEMENT, identite=IDENTITE, compte=CompteFactory())

    neuf = tirer(email="noe.vasseur@exemple.invalid", identite=IDENTITE)

    with pytest.raises(liens.LienPerime):
        lire(ancien.secret, UsageLien.RATTACHEMENT)
    assert lire(neuf.secret) == neuf.lien


def test_une_autre_personne_n_annule_pas_un_lien_en_tapant_la_meme_adresse():
    cree = tirer(identite=IDENTITE)

    tirer(identite=IDENTITE | {"identifiant_national": "899999999128"})

    assert lire(cree.secret) == cree.lien


def test_un_nouveau_lien_d_activation_remplace_celui_du_compte_et_lui_seul():
    compte = CompteFactory()
    ancien, voisin = (tirer(UsageLien.ACTIVATION, compte=c) for c in (compte, CompteFactory()))
    autre_usage = tirer(UsageLien.CHANGEMENT_EMAIL, compte=compte)

    tirer(UsageLien.ACTIVATION, compte=compte)

    with pytest.raises(liens.LienPerime):
        lire(ancien.secret, UsageLien.ACTIVATION)
    assert lire(voisin.secret, UsageLien.ACTIVATION) == voisin.lien
    assert lire(autre_usage.secret, UsageLien.CHANGEMENT_EMAIL) == autre_usage.lien


@pytest.mark.parametrize("forme", ["{}", " {} ", "{0[0]}{0[1]}{0[2]} {0[3]}{0[4]}{0[5]}"])
def test_le_code_se_tape_avec_ou_sans_espaces(forme):
    cree = tirer()

    assert liens.lire_code(cree.lien.pk, forme.format(cree.code), maintenant=MAINTENANT) == cree.lien


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "é" * 6, "０" * 6, "1" * 10_000], ids=repr
)
def test_un_code_mal_forme_est_un_code_faux(code):
    with pytest.raises(liens.CodeFaux):
        liens.lire_code(tirer().lien.pk, code, maintenant=MAINTENANT)


def test_le_code_d_un_lien_n_ouvre_pas_l_autre():
    premier, second = tirer(), tirer()
    code = premier.code if premier.code != second.code else autre_que(second.code)

    with pytest.raises(liens.CodeFaux):
        liens.lire_code(second.lien.pk, code, maintenant=MAINTENANT)


def test_cinq_codes_faux_annulent_le_lien_et_son_code():
    cree = tirer()
    for _ in range(4):
        with pytest.raises(liens.CodeFaux):
            liens.lire_code(cree.lien.pk, autre_que(cree.code), maintenant=MAINTENANT)

    with pytest.raises(liens.LienPerime):
        liens.lire_code(cree.lien.pk, autre_que(cree.code), maintenant=MAINTENANT)
    with pytest.raises(liens.LienPerime):
        liens.lire_code(cree.lien.pk, cree.code, maintenant=MAINTENANT)
    with pytest.raises(liens.LienPerime):
        lire(cree.secret)


def test_le_code_juste_au_cinquieme_essai_est_admis():
    cree = tirer()
    Lien.objects.update(essais_code=4)

    assert liens.lire_code(cree.lien.pk, cree.code, maintenant=MAINTENANT) == cree.lien


def test_le_code_expire_avec_son_lien():
    cree = tirer()

    with pytest.raises(liens.LienPerime):
        liens.lire_code(cree.lien.pk, cree.code, maintenant=MAINTENANT + DUREE)


def test_un_lien_consomme_dans_une_transaction_defaite_resservira():
    cree = tirer()

    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012
        liens.consommer(cree.lien, maintenant=MAINTENANT)
        raise RuntimeError

    assert lire(cree.secret) == cree.lien


@pytest.mark.django_db(transaction=True)
def test_deux_clics_simultanes_ne_consomment_qu_une_fois():
    cree = tirer()
    depart, obtenus = threading.Barrier(2), []

    def cliquer() -> None:
        depart.wait()
        try:
            liens.consommer(Lien.objects.get(pk=cree.lien.pk), maintenant=MAINTENANT)
            obtenus.append("consommé")
        except liens.LienPerime:
            obtenus.append("refusé")
        finally:
            connection.close()

    fils = [threading.Thread(target=cliquer) for _ in range(2)]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join()

    assert sorted(obtenus) == ["consommé", "refusé"]
