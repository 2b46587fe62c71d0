"""Produire, valider à deux, remettre, rectifier ; qui peut quoi, et ce que la base refuse."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import Error, IntegrityError, connection, transaction
from django.urls import reverse

from comptes.enums import Role
from comptes.models import Trace
from remuneration.caisse import actions
from remuneration.caisse.actions import GesteRefuse
from remuneration.caisse.signature import cle_privee, en_pem
from remuneration.enums import NatureExport
from remuneration.models import Colonne, Export
from tests.annuaire.factories import TerritoireFactory, habiliter
from tests.comptes.factories import CompteFactory
from tests.remuneration.caisse.conftest import agent_de
from tests.remuneration.factories import (
    CalculFactory,
    DecompteFactory,
    PeriodeFactory,
    RegleFactory,
    clore_pour_essai,
)

pytestmark = pytest.mark.django_db
INSTANT = datetime(2026, 11, 20, 9, tzinfo=UTC)


@pytest.fixture
def lille(nord):
    return nord.departements.get()


@pytest.fixture
def exports(calcul, lille, agent):
    return actions.produire(calcul, lille, par=agent, maintenant=INSTANT)


@pytest.fixture
def activite(exports):
    return next(export for export in exports if export.nature == NatureExport.ACTIVITE)


@pytest.fixture
def remis(activite, collegue):
    actions.valider(activite, par=collegue, maintenant=INSTANT)
    return actions.remettre(activite, par=collegue, maintenant=INSTANT)


def adresse(nom, export):
    return reverse(f"caisse:{nom}", kwargs={"export_id": export.pk})


def poster(client, compte, nom, export):
    client.force_login(compte)
    return client.post(adresse(nom, export), follow=True)


def test_deux_agents_remettent_les_fichiers_d_un_trimestre(client, calcul, lille, agent, collegue):
    periode = reverse("caisse:periode", kwargs={"departement_id": lille.pk, "code": "2026T3"})
    client.force_login(agent)
    client.post(f"{periode}produire/")
    page = client.get(periode).content.decode()
    assert page.count("À valider") == 3
    export = Export.objects.get(nature=NatureExport.ACTIVITE)
    assert "Valider</button>" not in client.get(adresse("export", export)).content.decode()

    client.force_login(collegue)
    assert "Valider</button>" in client.get(adresse("export", export)).content.decode()
    client.post(adresse("valider", export))
    premier = client.post(adresse("telecharger", export))
    second = client.post(adresse("telecharger", export))

    export.refresh_from_db()
    assert (export.genere_par, export.valide_par) == (agent, collegue)
    assert export.remis_le is not None
    assert premier.content == second.content == bytes(export.contenu)
    assert f'filename="{export.nom}"' in premier["Content-Disposition"]
    assert len(list(csv.reader(io.StringIO(premier.content.decode("utf-8-sig")), delimiter=";"))) == 3
    traces = Trace.objects.filter(objet=f"export:{export.pk}", verbe="export.telecharge").order_by("pk")
    assert [trace.details["est_remise"] for trace in traces] == [True, False]


def test_la_page_de_la_periode_compare_avec_le_trimestre_d_avant(client, calcul, lille, agent):
    client.force_login(agent)

    page = client.get(reverse("caisse:periode", kwargs={"departement_id": "59", "code": "2026T3"}))

    (snp,) = page.context["comparaisons"]
    assert (snp.apres.beneficiaires, snp.apres.dus, snp.apres.actes, snp.apres.montant) == (2, 2, 9, 135)
    assert page.context["precedente"] is None
    assert "cotée par le médecin" in page.content.decode()


def test_la_liste_dit_ce_qui_reste_a_faire(client, exports, agent):
    client.force_login(agent)

    (vue,) = client.get(reverse("caisse:periodes")).context["vues"]

    assert (vue.produits, vue.valides, vue.remis) == (3, 0, 0)


def test_le_forfait_annuel_n_additionne_pas_des_semaines_et_des_medecins(client, lille, agent, favier):
    annee = CalculFactory(periode=PeriodeFactory(code="2026"))
    forfait = RegleFactory(forfait=True, proposee=True)
    DecompteFactory(calcul=annee, regle=forfait, departement=lille, effecteur=favier, nombre=46)
    clore_pour_essai(annee)
    client.force_login(agent)

    page = client.get(reverse("caisse:periode", kwargs={"departement_id": "59", "code": "2026"}))

    assert "Sans objet" in page.content.decode()
    assert "<td>46</td>" not in page.content.decode()


@pytest.mark.parametrize("nom", ["export", "valider", "retirer", "telecharger", "manifeste"])
def test_l_agent_d_un_autre_departement_ne_trouve_rien(client, activite, agent_d_ailleurs, nom):
    client.force_login(agent_d_ailleurs)

    appeler = client.get if nom == "export" else client.post
    assert appeler(adresse(nom, activite)).status_code == 404
    assert Export.objects.filter(pk=activite.pk, valide_le=None, remis_le=None).exists()


def test_l_agent_d_un_autre_departement_ne_voit_ni_periode_ni_fichier(client, calcul, agent_d_ailleurs):
    client.force_login(agent_d_ailleurs)
    periode = reverse("caisse:periode", kwargs={"departement_id": "59", "code": "2026T3"})

    assert client.get(periode).status_code == 404
    assert client.post(f"{periode}produire/").status_code == 404
    assert not Export.objects.exists()


def test_des_communes_nommees_donnent_leur_departement(client, calcul, lille):
    agent = agent_de(TerritoireFactory(communes=[lille.communes.first()]))
    client.force_login(agent)

    assert (
        client.get(reverse("caisse:periode", kwargs={"departement_id": "59", "code": "2026T3"})).status_code
        == 200
    )


def test_l_administrateur_regarde_sans_produire_ni_valider_ni_emporter(client, activite):
    client.force_login(CompteFactory(administrateur=True))

    assert client.get(adresse("export", activite)).status_code == 200
    for nom in ("valider", "retirer", "telecharger", "manifeste"):
        assert client.post(adresse(nom, activite)).status_code == 404


@pytest.mark.parametrize("role", [r for r in Role if r not in (Role.CPAM, Role.ADMINISTRATEUR)])
def test_nul_autre_role_n_ouvre_l_espace_de_la_caisse(client, nord, role):
    compte = CompteFactory()
    habiliter(compte, role, territoire=nord)
    client.force_login(compte)

    assert client.get(reverse("caisse:periodes")).status_code == 404


def test_qui_a_produit_ne_valide_pas(client, activite, agent):
    page = poster(client, agent, "valider", activite).content.decode()

    assert "une autre personne doit le valider" in page
    activite.refresh_from_db()
    assert activite.valide_le is None


def test_un_fichier_non_valide_ne_se_telecharge_pas(client, activite, collegue):
    page = poster(client, collegue, "telecharger", activite).content.decode()

    assert "seconde personne" in page
    activite.refresh_from_db()
    assert activite.remis_le is None


def test_un_fichier_se_retire_tant_que_nul_ne_l_a_valide(client, activite, collegue, calcul, lille, agent):
    poster(client, collegue, "retirer", activite)
    refaits = actions.produire(calcul, lille, par=agent, maintenant=INSTANT)
    actions.valider(refaits[0], par=collegue, maintenant=INSTANT)

    assert [export.nature for export in refaits] == [NatureExport.ACTIVITE]
    assert bytes(refaits[0].contenu) == bytes(activite.contenu)
    with pytest.raises(GesteRefuse, match="rectificatif"):
        actions.retirer(refaits[0], par=collegue)


def test_un_calcul_encore_ouvert_ne_donne_pas_de_fichier(lille, agent):
    with pytest.raises(GesteRefuse, match="pas clos"):
        actions.produire(CalculFactory(), lille, par=agent, maintenant=INSTANT)


def test_sans_colonne_reglee_rien_ne_se_produit(calcul, lille, agent):
    Colonne.objects.filter(nature=NatureExport.ANOMALIES).delete()

    with pytest.raises(GesteRefuse, match="Aucune colonne"):
        actions.produire(calcul, lille, par=agent, maintenant=INSTANT)

    assert not Export.objects.exists()


def test_un_fichier_remis_se_corrige_par_un_rectificatif(remis, rectificatif, lille, agent):
    produits = {e.nature: e for e in actions.produire(rectificatif, lille, par=agent, maintenant=INSTANT)}

    assert produits[NatureExport.ACTIVITE].rectifie == remis
    # Ceux-là n’ont jamais été remis : il n’y a rien à rectifier, le fichier est entier.
    assert produits[NatureExport.PARTICIPANTS].rectifie is None


def test_un_fichier_depasse_ne_se_valide_ni_ne_se_remet_plus(exports, rectificatif, collegue):
    with pytest.raises(GesteRefuse, match="plus récente"):
        actions.valider(exports[0], par=collegue, maintenant=INSTANT)


def test_un_fichier_deja_remis_se_telecharge_encore_une_fois_depasse(remis, rectificatif, collegue):
    encore = actions.remettre(remis, par=collegue, maintenant=INSTANT)

    assert bytes(encore.contenu) == bytes(remis.contenu)


def executer(requete, *valeurs):
    with transaction.atomic(), connection.cursor() as curseur:
        curseur.execute(requete, valeurs)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("contenu = '\\x00'", id="contenu"),
        pytest.param("empreinte = 'f'", id="empreinte"),
        pytest.param("manifeste = '{}'", id="manifeste"),
        pytest.param("valide_le = now()", id="validé une autre fois"),
        pytest.param("remis_le = now()", id="remis une autre fois"),
        pytest.param("remis_le = NULL", id="remise oubliée"),
    ],
)
def test_la_base_garde_un_fichier_remis_tel_quel(remis, change):
    with pytest.raises(Error, match="Cannot"):
        executer(f"UPDATE remuneration_export SET {change} WHERE id = %s", remis.pk)


def test_la_base_n_efface_pas_un_fichier_valide(remis):
    with pytest.raises(Error, match="Cannot"):
        executer("DELETE FROM remuneration_export WHERE id = %s", remis.pk)


def test_la_base_refuse_qu_une_personne_produise_et_valide(activite):
    with pytest.raises(IntegrityError, match="export_deux_personnes"):
        executer(
            "UPDATE remuneration_export SET valide_par_id = genere_par_id, valide_le = now() WHERE id = %s",
            activite.pk,
        )


def test_la_base_refuse_de_remettre_sans_valider(activite):
    with pytest.raises(IntegrityError, match="export_valide_avant_remise"):
        executer("UPDATE remuneration_export SET remis_le = now() WHERE id = %s", activite.pk)


@pytest.fixture
def sur_disque(client, remis, collegue, tmp_path):
    client.force_login(collegue)
    fichier, manifeste, cle = tmp_path / remis.nom, tmp_path / "manifeste.json", tmp_path / "cle.pem"
    fichier.write_bytes(client.post(adresse("telecharger", remis)).content)
    manifeste.write_bytes(client.post(adresse("manifeste", remis)).content)
    cle.write_bytes(client.get(reverse("caisse:cle_publique")).content)
    return fichier, manifeste, cle


def verifier(fichier, manifeste, cle, capsys):
    call_command("verifier_export", str(fichier), str(manifeste), cle_publique=cle)
    return capsys.readouterr().out


def test_ce_qui_est_remis_se_verifie_avec_la_seule_cle_publique(sur_disque, capsys):
    dit = verifier(*sur_disque, capsys)

    assert "Conforme : activite, département 59, 2026T3 version 1, 2 ligne(s)" in dit


@pytest.mark.parametrize("quoi", ["fichier", "manifeste", "clé", "signature"])
def test_la_moindre_difference_est_dite(sur_disque, tmp_path, capsys, quoi, settings):
    fichier, manifeste, cle = sur_disque
    if quoi == "fichier":
        fichier.write_bytes(fichier.read_bytes().replace(b"105,00", b"905,00"))
    elif quoi == "manifeste":
        manifeste.write_text(manifeste.read_text().replace('"lignes": 2', '"lignes": 3'))
    elif quoi == "signature":
        manifeste.write_text(json.dumps(json.loads(manifeste.read_text()) | {"signature": "AAAA"}))
    else:
        settings.SECRET_KEY = "une-autre-installation"
        cle.write_bytes(en_pem(cle_privee().public_key()))

    with pytest.raises(CommandError, match=r"empreinte|signature"):
        verifier(fichier, manifeste, cle, capsys)


def test_la_periode_d_avant_est_comparee_si_elle_est_close(client, calcul, lille, agent, snp, favier):
    from tests.remuneration.caisse.conftest import decompter

    avant = CalculFactory(periode=PeriodeFactory(code="2026T2"))
    decompter(avant, snp, lille, nombre=4, beneficiaire=favier)
    clore_pour_essai(avant)
    client.force_login(agent)

    page = client.get(reverse("caisse:periode", kwargs={"departement_id": "59", "code": "2026T3"}))

    (ligne,) = page.context["comparaisons"]
    assert (ligne.avant.actes, ligne.apres.actes, ligne.ecart) == (4, 9, 75)
    assert "2e trimestre 2026" in page.content.decode()
