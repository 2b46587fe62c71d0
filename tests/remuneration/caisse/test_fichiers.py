"""Les fichiers relus par un lecteur indépendant (le module csv), et comparés aux décomptes."""

import csv
import hashlib
import io
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from agenda.models import ReleveHebdomadaire
from remuneration.caisse.catalogue import CATALOGUE
from remuneration.caisse.fichiers import fichier
from remuneration.caisse.lignes import lignes, ouvrir_le_dossier
from remuneration.enums import Mode, NatureExport, Prestation
from remuneration.models import Colonne, Decompte, Regle
from sas_platform.socle.tableurs import denuder
from tests.annuaire.factories import EffecteurFactory, LieuExerciceFactory, StructureFactory
from tests.comptes.factories import CompteFactory
from tests.remuneration.caisse.conftest import JUIN, declarer
from tests.remuneration.factories import (
    CalculFactory,
    DecompteFactory,
    PeriodeFactory,
    RegleFactory,
    clore_pour_essai,
)

pytestmark = pytest.mark.django_db


def lire(contenu):
    """Ce qu’en lit qui ne connaît que la norme : une ligne par enregistrement, en-tête → valeur."""
    texte = contenu.decode("utf-8")
    assert texte.startswith("\ufeff")
    assert texte.endswith("\r\n")
    assert texte.count("\n") == texte.count("\r\n")
    return list(
        csv.DictReader(io.StringIO(texte.removeprefix("\ufeff"), newline=""), delimiter=";", strict=True)
    )


def produit(nature, calcul, departement, depuis=None):
    avant = ouvrir_le_dossier(depuis, departement) if depuis else None
    return fichier(nature, ouvrir_le_dossier(calcul, departement), depuis=avant)


def eur(texte):
    return Decimal(texte.replace(",", "."))


@pytest.fixture
def lille(nord):
    return nord.departements.get()


def test_l_activite_dit_ce_que_disent_les_decomptes(calcul, lille, favier, centre):
    rangs = lire(produit(NatureExport.ACTIVITE, calcul, lille).contenu)

    attendus = {
        (f"RPPS:{favier.identifiant_national[1:]}", "7", Decimal(105)),
        (f"FINESS:{centre.finess}", "2", Decimal(30)),
    }
    assert {(r["identifiant"], r["nombre"], eur(r["montant"])) for r in rangs} == attendus
    assert sum(eur(r["montant"]) for r in rangs) == sum(
        Decompte.objects.filter(calcul=calcul).values_list("montant", flat=True)
    )
    (medecin,) = [r for r in rangs if r["rpps"]]
    assert (medecin["orientations"], medecin["type_1"], medecin["type_2"], medecin["venus"]) == (
        "9",
        "8",
        "1",
        "7",
    )
    assert (medecin["versement"], medecin["calcul"], medecin["territoire"]) == (
        "cotation",
        "2026T3-v1",
        "SAS Nord",
    )


def test_un_nom_n_est_jamais_une_formule_et_tient_sur_une_ligne(calcul, lille):
    rangs = lire(produit(NatureExport.ACTIVITE, calcul, lille).contenu)

    assert {r["nom"] for r in rangs} == {"'=FAVIER", "Centre de santé ; fictif"}
    assert denuder("'=FAVIER") == "=FAVIER"


def test_un_identifiant_reste_un_texte_zero_de_tete_compris(calcul, lille):
    rangs = lire(produit(NatureExport.ACTIVITE, calcul, lille).contenu)

    assert {r["identifiant"] for r in rangs} == {"RPPS:10101010101", "FINESS:010000012"}
    assert not any(r["identifiant"].replace(":", "").isdecimal() for r in rangs)


def test_les_participants_disent_mode_dates_et_heures(calcul, lille, favier):
    lundi = date(2026, 7, 6)
    for rang, minutes in enumerate((120, 90, 150)):
        ReleveHebdomadaire.objects.create(
            effecteur=favier,
            semaine=lundi + timedelta(weeks=rang),
            minutes=minutes,
            seuil_min=120,
            releve_le=datetime(2026, 9, 1, tzinfo=UTC),
        )
    parti = EffecteurFactory()
    LieuExerciceFactory(effecteur=parti)
    cpts = StructureFactory(cpts=True)
    declarer(parti, modalite="cpts", structure=cpts.pk, utilise_logiciel=True)
    declarer(parti, le=datetime(2026, 8, 15, 10, tzinfo=UTC), participe=False, modalite="")
    jamais = EffecteurFactory()
    LieuExerciceFactory(effecteur=jamais)
    declarer(jamais, participe=False, modalite="")
    reunionnais = EffecteurFactory()
    LieuExerciceFactory(effecteur=reunionnais, reunion=True)
    declarer(reunionnais)

    rangs = {
        r["rpps"]: r for r in lire(produit(NatureExport.PARTICIPANTS, calcul, lille).contenu) if r["rpps"]
    }

    assert set(rangs) == {favier.identifiant_national[1:], parti.identifiant_national[1:]}
    sien, autre = rangs["10101010101"], rangs[parti.identifiant_national[1:]]
    assert (sien["mode"], sien["debut"], sien["fin"], sien["interface"]) == (
        "individuel",
        "2026-06-01",
        "",
        "N",
    )
    assert (sien["semaines"], sien["heures_min"], sien["heures_moyenne"], sien["semaines_courtes"]) == (
        "3", "1,50", "2,00", "1",
    )  # fmt: skip
    assert (autre["mode"], autre["fin"], autre["interface"]) == ("cpts", "2026-08-15", "O")
    assert autre["structure_identifiant"] == f"FINESS:{cpts.finess}"


def test_le_forfait_de_l_annee_dit_s_il_est_du_et_ce_qui_manque(lille, favier):
    regle = Regle.objects.get(prestation=Prestation.PARTICIPATION, debut=date(2026, 1, 1))
    annee = CalculFactory(periode=PeriodeFactory(code="2026"))
    annee.regles.set([regle])
    DecompteFactory(
        calcul=annee,
        regle=regle,
        effecteur=favier,
        departement=lille,
        nombre=50,
        est_du=False,
        montant=0,
        conditions={"participe": [True, "Oui."], "interface": [False, "Non."]},
    )
    clore_pour_essai(annee)

    (rang,) = lire(produit(NatureExport.PARTICIPANTS, annee, lille).contenu)

    assert (rang["eligible"], eur(rang["montant"]), rang["regle"]) == ("N", Decimal(0), str(regle.pk))
    assert "solution interfacée" in rang["motif"]
    assert "sollicité" not in rang["motif"]


def test_les_anomalies_se_nomment_une_a_une(calcul, lille, favier):
    LieuExerciceFactory(effecteur=(interface := EffecteurFactory(adeli=True)))
    declarer(interface, utilise_logiciel=True)
    declarer(interface, le=datetime(2026, 8, 1, tzinfo=UTC), modalite="msp", utilise_logiciel=True)
    ReleveHebdomadaire.objects.create(
        effecteur=favier,
        semaine=date(2026, 7, 6),
        minutes=30,
        seuil_min=120,
        releve_le=JUIN + timedelta(days=60),
    )
    CompteFactory(identifiant_national=favier.identifiant_national)
    type(favier).objects.get(pk=favier.pk)

    rangs = lire(produit(NatureExport.ANOMALIES, calcul, lille).contenu)

    relevees = {(r["identifiant"].partition(":")[0], r["anomalie"]): r for r in rangs}
    assert set(relevees) == {
        ("RPPS", "doublons"),
        ("RPPS", "issues_inconnues"),
        ("RPPS", "semaines_courtes"),
        ("RPPS", "sans_compte"),
        ("ADELI", "adeli"),
        ("ADELI", "plusieurs_modes"),
        ("ADELI", "sans_compte"),
        ("ADELI", "sans_creneau"),
    }
    assert relevees["RPPS", "semaines_courtes"]["detail"] == "2026-07-06"
    assert relevees["ADELI", "plusieurs_modes"]["detail"] == "individuel, msp"


def test_le_plafond_et_les_orientations_d_un_non_participant_se_relevent(lille, nord, snp):
    from remuneration.enums import MotifActe
    from tests.remuneration.factories import ActeFactory

    LieuExerciceFactory(effecteur=(medecin := EffecteurFactory()))
    calcul = CalculFactory()
    calcul.regles.set([snp])
    DecompteFactory(
        calcul=calcul,
        regle=snp,
        effecteur=medecin,
        departement=lille,
        nombre=30,
        preuve={"permises": 33, "semaines_plafonnees": ["2026-07-06"]},
    )
    ActeFactory(calcul=calcul, effecteur=medecin, motif=MotifActe.NON_PARTICIPANT)
    clore_pour_essai(calcul)

    rangs = {r["anomalie"]: r for r in lire(produit(NatureExport.ANOMALIES, calcul, lille).contenu)}

    assert (rangs["plafond"]["nombre"], rangs["plafond"]["detail"]) == ("3", "2026-07-06")
    assert rangs["sans_participation"]["nombre"] == "1"


def test_qui_n_a_aucun_decompte_mais_des_orientations_est_dans_l_activite(lille, nord, favier):
    from remuneration.enums import MotifActe
    from tests.remuneration.factories import ActeFactory

    calcul = CalculFactory()
    ActeFactory(
        calcul=calcul, effecteur=favier, motif=MotifActe.PAS_VENU, issue="pas_venu", majorations=[], rang=None
    )
    clore_pour_essai(calcul)

    (rang,) = lire(produit(NatureExport.ACTIVITE, calcul, lille).contenu)

    assert (rang["prestation"], rang["orientations"], rang["pas_venus"], rang["montant"]) == (
        "",
        "1",
        "1",
        "",
    )


def test_une_tranche_s_ecrit_et_un_forfait_est_verse_par_la_caisse(lille, favier):
    regle = RegleFactory(tranches=[(5, 15, 70), (16, None, 210)])
    calcul = CalculFactory(periode=PeriodeFactory(code="2030T1"))
    DecompteFactory(
        calcul=calcul,
        regle=regle,
        effecteur=favier,
        departement=lille,
        preuve={"tranche": {"de": 5, "a": 15}},
    )
    clore_pour_essai(calcul)

    (rang,) = lire(produit(NatureExport.ACTIVITE, calcul, lille).contenu)

    assert (rang["tranche"], rang["versement"], rang["du"], rang["montant"]) == (
        "5 à 15",
        "caisse",
        "O",
        "70,00",
    )


@pytest.mark.parametrize("nature", NatureExport.values)
def test_recalculer_donne_les_memes_octets(calcul, lille, nature):
    une, deux = (produit(nature, calcul, lille) for _ in range(2))

    assert une == deux
    assert une.nom == f"sas_59_2026T3_v1_{nature}_{hashlib.sha256(une.contenu).hexdigest()[:8]}.csv"


@pytest.mark.parametrize("nature", NatureExport.values)
def test_le_catalogue_dit_toutes_les_valeurs_d_une_ligne(calcul, lille, nature):
    (premiere, *_) = lignes(nature, ouvrir_le_dossier(calcul, lille))

    assert set(premiere.valeurs) == set(CATALOGUE[nature])


def test_les_colonnes_se_reglent_et_le_manifeste_les_dit(calcul, lille):
    Colonne.objects.filter(nature=NatureExport.ACTIVITE).delete()
    Colonne.objects.create(nature=NatureExport.ACTIVITE, rang=1, entete="PS", champ="rpps")
    Colonne.objects.create(nature=NatureExport.ACTIVITE, rang=2, entete="EUR", champ="montant")

    ecrit = produit(NatureExport.ACTIVITE, calcul, lille)

    assert ecrit.contenu.decode("utf-8-sig").splitlines()[0] == "PS;EUR"
    assert json.loads(ecrit.manifeste)["colonnes"] == ["PS", "EUR"]


def test_le_manifeste_dit_la_periode_le_calcul_et_les_regles(calcul, lille, snp):
    ecrit = produit(NatureExport.ACTIVITE, calcul, lille)

    dit = json.loads(ecrit.manifeste)
    assert dit["sha256"] == hashlib.sha256(ecrit.contenu).hexdigest()
    assert dit["lignes"] == len(lire(ecrit.contenu)) == 2
    assert (dit["periode"]["code"], dit["calcul"]["version"], dit["rectifie"]) == ("2026T3", 1, None)
    assert dit["regles"] == [
        {"numero": snp.pk, "prestation": "majoration_snp", "debut": "2022-07-06", "source": snp.source}
    ]


def test_un_rectificatif_n_a_que_les_differences(calcul, rectificatif, lille, centre):
    ecrit = produit(NatureExport.ACTIVITE, rectificatif, lille, depuis=calcul)

    rangs = lire(ecrit.contenu)
    montants = {r["identifiant"]: r for r in rangs if r["colonne"] == "montant"}
    medecin, structure = montants["RPPS:10101010101"], montants["FINESS:010000012"]
    assert (medecin["changement"], medecin["avant"], medecin["apres"], medecin["difference_eur"]) == (
        "modification", "105,00", "135,00", "30,00",
    )  # fmt: skip
    assert (structure["changement"], structure["avant"], structure["apres"]) == ("retrait", "30,00", "")
    assert structure["difference_eur"] == "-30,00"
    assert not [r for r in rangs if r["colonne"] in ("mode", "calcul") and r["changement"] == "modification"]
    assert "_v2_activite_rectificatif_" in ecrit.nom
    assert json.loads(ecrit.manifeste)["rectifie"] == 1


@pytest.mark.parametrize("nature", NatureExport.values)
def test_chaque_ligne_sait_de_qui_elle_est(calcul, rectificatif, lille, favier, centre, nature):
    noms = {"RPPS:10101010101": favier.pk, "FINESS:010000012": -centre.pk}
    entier, differences = produit(nature, calcul, lille), produit(nature, rectificatif, lille, depuis=calcul)

    for ecrit in (entier, differences):
        assert ecrit.cles == [noms[ligne["identifiant"]] for ligne in lire(ecrit.contenu)]
    assert entier.cles


def test_avant_et_les_differences_donnent_apres(calcul, rectificatif, lille):
    def totaux(version):
        return {
            r["identifiant"]: eur(r["montant"])
            for r in lire(produit(NatureExport.ACTIVITE, version, lille).contenu)
        }

    obtenus = totaux(calcul)
    for rang in lire(produit(NatureExport.ACTIVITE, rectificatif, lille, depuis=calcul).contenu):
        if rang["difference_eur"]:
            obtenus[rang["identifiant"]] = obtenus.get(rang["identifiant"], Decimal(0)) + eur(
                rang["difference_eur"]
            )

    assert {qui: somme for qui, somme in obtenus.items() if somme} == totaux(rectificatif)


def test_sans_changement_un_rectificatif_est_vide(calcul, lille):
    ecrit = produit(NatureExport.ACTIVITE, calcul, lille, depuis=calcul)

    assert ecrit.lignes == 0
    assert lire(ecrit.contenu) == []


def test_la_caisse_est_celle_du_lieu_principal(calcul, lille, ailleurs, favier):
    reunion = ailleurs.departements.get()
    LieuExerciceFactory(effecteur=favier, reunion=True)

    assert [
        ligne.valeurs["rpps"] for ligne in lignes("participants", ouvrir_le_dossier(calcul, reunion))
    ] == []
    assert len(lignes("participants", ouvrir_le_dossier(calcul, lille))) == 1
    assert Mode.CDS in {
        ligne.valeurs["mode"] for ligne in lignes("activite", ouvrir_le_dossier(calcul, lille))
    }


def test_un_dossier_ne_fait_pas_une_requete_par_professionnel(calcul, lille, compter_requetes):
    def ecrire():
        return [fichier(nature, ouvrir_le_dossier(calcul, lille)) for nature in NatureExport.values]

    avec_un = compter_requetes(ecrire)
    for _ in range(5):
        effecteur = EffecteurFactory()
        LieuExerciceFactory(effecteur=effecteur)
        declarer(effecteur)

    assert compter_requetes(ecrire) == avec_un
