"""Le miroir du kit : nos lectures de réponses hostiles, avec les codes du guide de lecture pour résultats attendus."""

import copy
import datetime as dt
import io
import json
import random
from collections import Counter

import pytest
from django.core.management import call_command
from hypothesis import given, settings
from hypothesis import strategies as st

from agenda.editeurs.client import Reponse
from agenda.editeurs.memoire import demandes_par_lot
from agenda.editeurs.normaliseur import normaliser
from agenda.editeurs.raccordements import raccorder, raccorder_associations
from agenda.editeurs.stockage import LectureLot, enregistrer
from agenda.editeurs.verdicts import GARDE, RAISONS
from agenda.enums import EtatLot
from agenda.models import AgendaEditeur, QualiteEditeur
from annuaire.enums import TypeStructure
from sas_platform.demo.editeur_simule.jeu_kit import SOS, A, C
from tests.agenda.editeurs.bundles import octets
from tests.agenda.editeurs.test_proprietes import JSON, _chemins, _remplacer
from tests.agenda.factories import EditeurFactory
from tests.annuaire.factories import CommuneFactory, LieuExerciceFactory, SpecialiteFactory, StructureFactory
from tests.kit.client import MAINTENANT
from tests.kit.mutations import REJETS, TITULAIRES, TOUS, sain
from tests.kit.recherches import demande, lire
from tests.participation.factories import ParticipationFactory

CAS = tuple(TITULAIRES)
rejets = pytest.mark.parametrize("rejet", [pytest.param(r, id=f"{r.miroir} {r.raison} {r.nom}") for r in REJETS])  # fmt: skip


def _muter(rejet):
    """Le Bundle fauté, et ce que chaque raison doit compter."""
    vise = sain(rejet.cas)
    touches = len(vise.de_l_agenda()) if rejet.portee == TOUS else 1
    rejet.changer(vise)
    return vise.bundle, Counter({rejet.raison: touches, GARDE: len(vise.les("Slot")) - touches})


@pytest.mark.parametrize("cas", CAS)
def test_sans_faute_tout_est_garde(cas):
    lecture = lire(sain(cas).bundle, cas, *TITULAIRES[cas])

    assert lecture.comptes().keys() == {GARDE}
    assert not lecture.avertissements


@rejets
def test_une_faute_est_rejetee_sous_son_code_et_n_en_coute_pas_davantage(rejet):
    contenu, attendu = _muter(rejet)

    assert lire(contenu, rejet.cas, *TITULAIRES[rejet.cas]).comptes() == attendu


def test_chaque_code_du_guide_de_lecture_a_sa_reponse_hostile():
    assert {rejet.raison for rejet in REJETS} == set(RAISONS)


# --- Ce qui est gardé, et comment -----------------------------------------------------


GARDES = [
    ("visibilité inconnue à côté d’une connue", "ps", lambda v: v.slot["meta"]["security"].append({**v.slot["meta"]["security"][0], "code": "PRIVATE"}), {"visibilites": ("PUBLIC",)}, {}),
    ("type de consultation inconnu", "ps", lambda v: v.slot["serviceType"][0]["coding"][0].update(code="XX"), {"modalites": ()}, {}),
    ("CPTS sans lien, PUBLIC à côté", "cpts", lambda v: v.slot["meta"]["security"].append({**v.slot["meta"]["security"][0], "code": "CPTS"}), {"visibilites": ("PUBLIC",), "cpts": ()}, {"cpts_sans_lien": 1}),
    ("lien 604 sans code CPTS", "cpts", lambda v: v.slot["serviceType"].extend(v.reserve_aux_cpts["serviceType"]), {"visibilites": ("PUBLIC",), "cpts": ()}, {}),
    ("sans lien", "ps", lambda v: v.slot.pop("comment"), {"lien": "", "sans_rendez_vous": False}, {"rendez_vous_sans_lien": 1}),
    ("lien vers un autre hôte", "ps", lambda v: v.slot.update(comment="https://ailleurs.exemple.invalid/?a=1"), {"lien": ""}, {"lien_refuse": 1, "rendez_vous_sans_lien": 1}),
    ("lien de script", "ps", lambda v: v.slot.update(comment="javascript:alert(1)"), {"lien": ""}, {"lien_refuse": 1, "rendez_vous_sans_lien": 1}),
    ("type de rendez-vous inconnu, avec lien", "ps", lambda v: v.slot["appointmentType"]["coding"][0].update(code="XX"), {"sans_rendez_vous": False}, {}),
    ("type de rendez-vous inconnu, sans lien", "ps", lambda v: (v.slot.pop("comment"), v.slot.pop("appointmentType")), {"sans_rendez_vous": True}, {}),
    ("chevauchement d’un voisin", "ps", lambda v: v.slot.update(end=v.voisin["end"]), {"lien": True}, {}),
    ("téléphone illisible", "ps", lambda v: v.role["telecom"][0].update(value="demander au secrétariat"), {"telephone": ""}, {}),
    ("téléphone écrit à la française", "ps", lambda v: v.role["telecom"][0].update(value="01 99 00 00 00"), {"telephone": "+33199000000"}, {}),
    ("sans identifiant de structure", "ps", lambda v: v.role.pop("organization"), {"idnst": ""}, {}),
    ("identifiant de structure sans système", "ps", lambda v: v.role["organization"]["identifier"].pop("system"), {"idnst": "1990000011"}, {}),
    ("profil inconnu", "ps", lambda v: v.slot["meta"].update(profile=["http://autre"]), {"lien": True}, {}),
    ("sans profil", "sos", lambda v: [e["resource"]["meta"].pop("profile") for e in v.bundle["entry"]], {"lien": True}, {}),
    ("spécialité en texte seul", "ps", lambda v: v.slot.update(specialty=[{"text": "Médecine générale"}]), {"specialites": ("Médecine générale",)}, {}),
    ("motif plein de balises", "ps", lambda v: v.slot["serviceType"].append({"text": "<script>x</script>"}), {"lien": True}, {}),
    ("deux praticiens du même RPPS", "ps", lambda v: v.bundle["entry"].append({"resource": {**v.praticien, "id": "second"}}), {"lien": True}, {}),
    ("références absolues", "ps", lambda v: v.slot["schedule"].update(reference=f"https://e.exemple.invalid/fhir/{v.slot['schedule']['reference']}"), {"lien": True}, {}),
    ("search.mode absent", "ps", lambda v: [e.pop("search") for e in v.bundle["entry"]], {"lien": True}, {}),
    ("ressource inconnue", "ps", lambda v: v.bundle["entry"].append({"resource": {"resourceType": "Patient", "id": "p"}}), {"lien": True}, {}),
    ("entrée sans ressource", "ps", lambda v: v.bundle["entry"].insert(0, None), {"lien": True}, {}),
    ("OperationOutcome parmi les entrées", "ps", lambda v: v.bundle["entry"].append({"resource": {"resourceType": "OperationOutcome"}}), {"lien": True}, {}),
    ("total faux", "ps", lambda v: v.bundle.update(total=1), {"lien": True}, {"total_different": 1}),
    ("lien self d’une autre requête", "ps", lambda v: v.bundle["link"][0].update(url="https://e.exemple.invalid/fhir/Slot?_count=1000"), {"lien": True}, {"lien_self_different": 1}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("cas", "changer", "attendu", "avertis"), [pytest.param(*suite, id=nom) for nom, *suite in GARDES]
)
def test_ce_qui_n_est_pas_condamnable_est_garde_et_normalise(cas, changer, attendu, avertis):
    vise = sain(cas)
    nom = vise.slot["id"]
    changer(vise)
    slots = [e for e in vise.bundle["entry"] if e and e["resource"]["resourceType"] == "Slot"]

    lecture = lire(vise.bundle, cas, *TITULAIRES[cas])

    assert lecture.comptes() == {GARDE: len(slots)}
    assert {cle: n for cle, n in lecture.avertissements.items() if cle != "chevauchement"} == avertis
    creneau = next(creneau for creneau in lecture.gardes() if creneau.id == nom)
    lus = {"telephone": creneau.lieu.telephone, "idnst": creneau.lieu.idnst}
    for champ, valeur in attendu.items():
        lu = lus[champ] if champ in lus else getattr(creneau, champ)
        assert bool(lu) if valeur is True else lu == valeur


# --- Le Bundle entier ------------------------------------------------------------------


@pytest.mark.parametrize("cas", CAS)
@pytest.mark.parametrize(
    "abimer",
    [
        pytest.param(lambda o: o[: len(o) // 2], id="coupé"),
        pytest.param(lambda o: b"<html></html>", id="pas du JSON"),
        pytest.param(lambda o: o.replace(b'"Bundle"', b'"Parameters"'), id="pas un Bundle"),
        pytest.param(lambda o: o.replace(b'"searchset"', b'"batch-response"'), id="pas une recherche"),
        pytest.param(lambda o: b'{"resourceType":"OperationOutcome","issue":[]}', id="OperationOutcome"),
        pytest.param(lambda o: o + b" " * 11_000_000, id="trop gros"),
    ],
)
def test_ce_qui_n_est_pas_une_recherche_est_refuse_en_entier(cas, abimer):
    lecture = lire(abimer(octets(sain(cas).bundle)), cas, *TITULAIRES[cas])

    assert (lecture.etat, lecture.verdicts) == ("bundle_invalid", [])


# --- Toute mutation -------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(cas=st.sampled_from(CAS), graine=st.integers(0, 2**32), valeur=JSON)
def test_aucune_mutation_d_une_vraie_reponse_ne_fait_lever_ni_ne_perd_un_autre_agenda(cas, graine, valeur):
    """Une entrée, abîmée en un point quelconque : ce qui ne la cite pas est gardé en entier."""
    hasard = random.Random(graine)
    contenu = copy.deepcopy(sain(cas).bundle)
    rang = hasard.randrange(len(contenu["entry"]))
    atteints = _qui_cite(contenu, rang)
    contenu["entry"][rang] = _remplacer(
        contenu["entry"][rang], hasard.choice(_chemins(contenu["entry"][rang])), valeur
    )

    lecture = lire(contenu, cas, *TITULAIRES[cas])

    assert lecture.etat == "ok"
    gardes = {creneau.id for creneau in lecture.gardes()}
    sains = {
        entree["resource"]["id"]
        for numero, entree in enumerate(contenu["entry"])
        if numero not in atteints and entree["resource"]["resourceType"] == "Slot"
    }
    assert sains <= gardes


def _qui_cite(contenu, rang):
    """Entrées qui citent celle-ci, de proche en proche, et celle qui, portant son nom ou ses heures, serait un double."""
    atteints = {rang}
    while True:
        noms = {f"{r['resourceType']}/{r['id']}" for r in (contenu["entry"][n]["resource"] for n in atteints)}
        de_plus = {
            numero
            for numero, entree in enumerate(contenu["entry"])
            if numero not in atteints and any(f'"{nom}"'.encode() in octets(entree) for nom in noms)
        }
        if not de_plus:
            return atteints
        atteints |= de_plus


# --- Jusqu’à la base ------------------------------------------------------------------


@pytest.fixture
def editeur(db):
    """Un éditeur qui sert les trois flux, A et C en CPTS ou non, et l’association du kit."""
    SpecialiteFactory()
    return EditeurFactory(flux=["ps", "cpts", "sos"])


def _raccorder(editeur, cas):
    if cas == "sos":
        association = StructureFactory(type=TypeStructure.SOS, finess=None, siret=SOS.siret[1:])
        CommuneFactory()
        raccorder_associations(editeur, [association.pk], MAINTENANT)
    else:
        lieux = [LieuExerciceFactory(effecteur__identifiant_national=t.identifiant) for t in TITULAIRES[cas]]
        for lieu in lieux if cas == "cpts" else ():
            ParticipationFactory(effecteur=lieu.effecteur, via_cpts=True)
        raccorder(editeur, [lieu.effecteur_id for lieu in lieux], MAINTENANT)
    ((lot_id, demandes),) = demandes_par_lot(list(editeur.lots.values_list("pk", flat=True))).items()
    assert (demandes.cas, set(demandes.memoires)) == (cas, {t.identifiant for t in TITULAIRES[cas]})
    return lot_id


@rejets
def test_en_base_la_faute_est_comptee_et_le_reste_enregistre(rejet, editeur):
    lot_id = _raccorder(editeur, rejet.cas)
    contenu, attendu = _muter(rejet)

    _recevoir(editeur, lot_id, rejet.cas, contenu)

    assert dict(QualiteEditeur.objects.filter(motif=rejet.raison).values_list("motif", "nombre")) == {
        rejet.raison: attendu[rejet.raison]
    }
    assert sum(len(agenda.creneaux) for agenda in AgendaEditeur.objects.all()) == attendu[GARDE]


@pytest.mark.parametrize("cas", CAS)
def test_un_bundle_vide_efface_les_creneaux_de_tous_ceux_demandes(cas, editeur):
    lot_id = _raccorder(editeur, cas)
    _recevoir(editeur, lot_id, cas, sain(cas).bundle)
    avant = _gardes()

    _recevoir(editeur, lot_id, cas, {"resourceType": "Bundle", "type": "searchset", "total": 0}, minutes=1)

    assert avant
    assert _gardes() == {}


@pytest.mark.parametrize("cas", ["ps", "cpts"])
def test_un_titulaire_absent_de_la_reponse_perd_ses_creneaux_et_lui_seul(cas, editeur):
    lot_id = _raccorder(editeur, cas)
    _recevoir(editeur, lot_id, cas, sain(cas).bundle)
    avant = _gardes()

    _recevoir(editeur, lot_id, cas, _sans(sain(cas), A), minutes=1)

    assert avant.keys() == {A.identifiant, C.identifiant}
    assert _gardes() == {C.identifiant: avant[C.identifiant]}


def _sans(vise, praticien):
    """La réponse dont tout ce qui nomme ce praticien s’en est allé."""
    nom = praticien.identifiant.encode()
    vise.bundle["entry"] = [entree for entree in vise.bundle["entry"] if nom not in octets(entree)]
    return vise.bundle


def _recevoir(editeur, lot_id, cas, contenu, minutes=0):
    instant = MAINTENANT + dt.timedelta(minutes=minutes)
    pages, demandee = [octets(contenu)], demande(cas, *TITULAIRES[cas])
    lue = normaliser(pages, demandee)
    lecture = LectureLot(lot_id, instant, demandee.identifiants, Reponse(EtatLot.REUSSI, pages), lue)
    enregistrer(editeur, [lecture], instant)


def _gardes():
    """Nombre de créneaux en base, par titulaire."""
    nombres = Counter()
    for agenda in AgendaEditeur.objects.select_related("raccordement__effecteur"):
        effecteur = agenda.raccordement.effecteur
        nombres[effecteur.identifiant_national if effecteur else ""] += len(agenda.creneaux)
    return +nombres


# --- La commande qu’un développeur d’éditeur emploie -------------------------------------


@rejets
def test_lire_bundle_dit_le_meme_code(rejet, tmp_path):
    contenu, attendu = _muter(rejet)
    fichier, sortie = tmp_path / "bundle.json", io.StringIO()
    fichier.write_bytes(octets(contenu))
    demandes = ",".join(titulaire.identifiant for titulaire in TITULAIRES[rejet.cas])

    call_command(
        "lire_bundle",
        fichier,
        cas=rejet.cas,
        maintenant=MAINTENANT.isoformat(),
        demandes=demandes,
        stdout=sortie,
    )

    *lignes, _ = map(json.loads, sortie.getvalue().splitlines())
    assert Counter(ligne["raison"] or GARDE for ligne in lignes) == attendu
