"""Listes, filtres comptés, échelle, CPTS du secteur, médecin traitant : ce que montre la page, et à qui."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from annuaire.enums import TypeStructure
from annuaire.models import Commune, LieuExercice
from comptes.enums import Role
from orientation import carnet
from orientation.enums import IssueAppel
from orientation.models import Appel
from participation.models import Participation
from tests.agenda.factories import DisponibiliteFactory
from tests.annuaire.factories import (
    EffecteurFactory,
    LieuExerciceFactory,
    SpecialiteFactory,
    StructureFactory,
)
from tests.comptes.factories import CompteFactory
from tests.orientation.conftest import projeter, url_resultats
from tests.orientation.factories import OrientationFactory
from tests.participation.factories import ParticipationFactory

pytestmark = pytest.mark.django_db
URL = reverse("orientation:recherche")


def texte(reponse) -> str:
    return reponse.content.decode().replace("\u00a0", " ")


def membre(cpts, *, libre: bool = False, **lieu):
    effecteur = EffecteurFactory()
    participation = ParticipationFactory(effecteur=effecteur, modalite="cpts", structure=cpts)
    lieu = LieuExerciceFactory(effecteur=effecteur, **lieu)
    participation.lieux.add(lieu)
    if libre:
        DisponibiliteFactory(lieu=lieu)
    projeter(lieu)
    return lieu


@pytest.fixture
def cpts(medecine_generale, maintenant):
    """Une CPTS du secteur : un membre libre, trois sans créneau."""
    cpts = StructureFactory(type=TypeStructure.CPTS, nom="CPTS du Nord", telephone="0320000000")
    membre(cpts, libre=True)
    for _ in range(3):
        membre(cpts)
    return cpts


@pytest.fixture
def jeton_du_secteur(connecte, cpts, jeton) -> str:
    cpts.communes_intervention.add(Commune.objects.get(nom="Lille"))
    reponse = connecte.post(URL, {"quoi": "médecine générale", "ou": "Lille"})
    return reponse.headers["Location"].split("/")[-2]


@pytest.mark.parametrize(
    ("roles", "listes"),
    [
        ([Role.OSNP], ["toutes", "libres", "en_sus"]),
        ([Role.REGULATEUR], ["toutes", "libres", "en_sus"]),
        ([Role.IOA], ["forfait"]),
        ([Role.OSNP, Role.IOA], ["toutes", "libres", "en_sus", "forfait"]),
        ([Role.GESTIONNAIRE_COMPTES], ["toutes", "libres"]),
    ],
)
def test_chacun_a_ses_listes_et_la_premiere_s_ouvre(client, creneau, jeton, roles, listes):
    compte = CompteFactory(role=roles[0])
    for role in roles[1:]:
        compte.habilitations.create(role=role)
    client.force_login(compte)

    reponse = client.post(URL, {"quoi": "médecine générale", "ou": "Lille"}, follow=True)

    assert [onglet[0] for onglet in reponse.context["onglets"]] == listes
    assert [onglet[0] for onglet in reponse.context["onglets"] if onglet[3]] == listes[:1]


def test_l_infirmier_d_accueil_trouve_qui_recoit_les_patients_reorientes(client, lieu, jeton, maintenant):
    Participation.objects.update(forfait_reorientation=True)
    sans_forfait = LieuExerciceFactory()
    projeter(lieu, sans_forfait)
    client.force_login(CompteFactory(role=Role.IOA))

    reponse = client.post(URL, {"quoi": "médecine générale", "ou": "Lille"}, follow=True)

    assert [o.lieu.id for o in reponse.context["resultats"].offres] == [f"l{lieu.pk}"]
    assert "Forfait de réorientation des urgences</p>" in texte(reponse)


def test_changer_de_liste_garde_la_position_et_les_filtres(connecte, jeton, creneau):
    filtree = connecte.post(
        url_resultats(jeton), {"filtrer": "oui", "delais": ["0-4"], "rayon_km": "7"}, follow=True
    )

    en_sus = connecte.post(filtree.redirect_chain[0][0], {"disponibilite": "en_sus"}, follow=True)

    assert (en_sus.context["recherche"].delais, en_sus.context["recherche"].rayon_km) == (("0-4",), 7)
    assert "sans effet dans cette liste" in texte(en_sus)
    assert en_sus.context["resultats"].total == 1


def test_un_filtre_actif_se_retire_d_un_bouton(connecte, jeton, creneau):
    filtree = connecte.post(
        url_resultats(jeton), {"filtrer": "oui", "delais": ["12-24"], "modalites": ["domicile"]}, follow=True
    )
    assert filtree.context["resultats"].total == 0
    assert [puce.valeur for puce in filtree.context["puces"]] == ["delais:12-24", "modalites:domicile"]

    sans = connecte.post(filtree.redirect_chain[0][0], {"retirer": "delais:12-24"}, follow=True)
    rien = connecte.post(filtree.redirect_chain[0][0], {"reinitialiser": "oui"}, follow=True)

    assert [puce.valeur for puce in sans.context["puces"]] == ["modalites:domicile"]
    assert (rien.context["puces"], rien.context["resultats"].total) == ([], 1)


def test_les_filtres_ne_se_comptent_que_pour_qui_les_ouvre(connecte, jeton, creneau):
    fermes = connecte.get(url_resultats(jeton))
    ouverts = connecte.get(url_resultats(jeton), {"filtres": "oui"})

    assert fermes.context["resultats"].facettes is None
    assert "?page=1&amp;filtres=oui#filtres" in fermes.content.decode()
    assert ouverts.context["resultats"].facettes.modalites["cabinet"] == 1
    assert 'id="filtres"' in texte(ouverts)


def test_l_accueil_ne_se_filtre_que_la_ou_un_lieu_en_dit_quelque_chose(connecte, jeton, creneau):
    sans = connecte.get(url_resultats(jeton), {"filtres": "oui"})
    LieuExercice.objects.filter(pk=creneau.lieu_id).update(accueil=["fauteuil"], langues=["fsl"])
    projeter(creneau.lieu, LieuExerciceFactory())

    ouverts = connecte.get(url_resultats(jeton), {"filtres": "oui"})
    filtree = connecte.post(
        url_resultats(jeton), {"filtrer": "oui", "fauteuil": ["oui"], "langues": ["fsl"]}, follow=True
    )

    assert not {"vitale", "fauteuil", "langues"} & {c.nom for c in sans.context["categories"]}
    proposes = {c.nom: [(o.libelle, o.nombre) for o in c.options] for c in ouverts.context["categories"]}
    assert proposes["fauteuil"] == [("Accessible en fauteuil roulant", 1)]
    assert proposes["langues"] == [("Langue des signes française", 1)]
    assert "vitale" not in proposes
    assert [o.lieu.id for o in filtree.context["resultats"].offres] == [f"l{creneau.lieu_id}"]
    assert "Accessible en fauteuil roulant · Parle langue des signes française" in texte(filtree)


def test_un_medecin_traitant_sans_creneau_ne_fait_pas_croire_qu_il_y_en_a(connecte, jeton, maintenant):
    traitant = LieuExerciceFactory(lat=43.3, lon=5.4)
    projeter(traitant)
    session = connecte.session
    demande = carnet.retrouver(session, jeton).avec(medecin_traitant=(traitant.effecteur_id,))
    avec_lui = carnet.garder(session, demande)
    session.save()

    page = texte(connecte.get(url_resultats(avec_lui)))

    assert "1 offre de soins dont 0 avec des créneaux libres" in " ".join(page.split())
    assert "Aucune offre de soins n’est disponible dans les 3 jours" in page
    assert "où chercher encore" in page


def test_le_medecin_traitant_montre_d_abord_le_lieu_ou_il_a_un_creneau(connecte, jeton, creneau):
    libre = creneau.lieu
    plein = LieuExerciceFactory(effecteur=libre.effecteur, lat=50.6311, lon=3.0467)  # au centre de la zone
    projeter(plein)
    session = connecte.session
    demande = carnet.retrouver(session, jeton).avec(medecin_traitant=(libre.effecteur_id,))
    avec_lui = carnet.garder(session, demande)
    session.save()

    offres = connecte.get(url_resultats(avec_lui)).context["resultats"].offres

    assert [offre.lieu.id for offre in offres] == [f"l{libre.pk}", f"l{plein.pk}"]


def test_le_medecin_traitant_est_en_tete_meme_sans_creneau_et_loin(connecte, jeton, creneau, maintenant):
    traitant = LieuExerciceFactory(lat=43.3, lon=5.4)
    projeter(traitant)
    session = connecte.session
    demande = carnet.retrouver(session, jeton).avec(
        medecin_traitant=(traitant.effecteur_id,), modalites=("cabinet",)
    )
    autre = carnet.garder(session, demande)
    session.save()

    reponse = connecte.get(url_resultats(autre))

    offres = reponse.context["resultats"].offres
    assert [(o.lieu.id, o.groupe) for o in offres] == [(f"l{traitant.pk}", 0), (f"l{creneau.lieu_id}", 1)]
    assert offres[0].raison_du_rang.startswith("Médecin traitant")
    assert texte(reponse).count(">Médecin traitant</p>") == 1


@pytest.mark.parametrize("participe", [True, False])
def test_on_ne_promet_des_patients_en_sus_que_si_quelqu_un_en_accepte(connecte, jeton, creneau, participe):
    effecteur = creneau.lieu.effecteur
    Participation.objects.filter(effecteur=effecteur).delete()
    if participe:
        ParticipationFactory(effecteur=effecteur)
    lieu = creneau.lieu
    creneau.delete()
    projeter(lieu)

    page = texte(connecte.get(url_resultats(jeton)))

    assert "Les professionnels ci-dessous n’ont pas de créneau libre" in page
    assert ("certains acceptent des patients en sus" in page) is participe
    assert ("consultation en cabinet ·" in page) is False


def test_la_cpts_du_secteur_est_dite_une_fois_et_ne_cache_personne_de_libre(connecte, cpts, jeton_du_secteur):
    reponse = connecte.get(url_resultats(jeton_du_secteur))

    lus = reponse.context["resultats"]
    assert (lus.total, lus.libres, lus.pliees, len(lus.offres)) == (4, 1, 3, 1)
    assert "via la CPTS du Nord" in texte(reponse)
    assert (
        "4 professionnels dans cette liste, dont 1 avec créneau. 3 autres sans créneau sont regroupés ici."
        in texte(reponse)
    )


def test_le_medecin_traitant_n_est_pas_le_premier_de_sa_cpts(connecte, cpts, jeton_du_secteur):
    traitant = membre(cpts)
    session = connecte.session
    demande = carnet.retrouver(session, jeton_du_secteur).avec(medecin_traitant=(traitant.effecteur_id,))
    avec_lui = carnet.garder(session, demande)
    session.save()

    resultats = connecte.get(url_resultats(avec_lui)).context["resultats"]

    assert (resultats.total, resultats.pliees, len(resultats.offres)) == (5, 3, 2)
    assert resultats.offres[0].lieu.id == f"l{traitant.pk}"
    assert list(resultats.cpts) == [resultats.offres[1].lieu.id]


def test_la_page_de_la_cpts_montre_tous_ses_membres_et_ramene_a_la_recherche(
    connecte, cpts, jeton_du_secteur
):
    membre(cpts, lat=48.85, lon=2.35)

    page = connecte.post(url_resultats(jeton_du_secteur), {"cpts": str(cpts.pk)}, follow=True)

    assert (page.context["resultats"].total, page.context["resultats"].pliees) == (5, 0)
    assert "Résultats pour : CPTS du Nord" in texte(page)
    assert url_resultats(jeton_du_secteur) in texte(page)


def test_une_cpts_d_ailleurs_ne_se_demande_pas(connecte, cpts, jeton_du_secteur):
    autre = StructureFactory(type=TypeStructure.CPTS)

    page = connecte.post(url_resultats(jeton_du_secteur), {"cpts": str(autre.pk)}, follow=True)

    assert page.context["recherche"].cpts_id is None


def test_l_echelle_dit_ce_que_l_on_trouvera_vraiment(connecte, jeton, lieu, maintenant):
    projeter(lieu)
    loin = LieuExerciceFactory(lat=50.7435, lon=3.0635)  # douze kilomètres au nord
    DisponibiliteFactory(lieu=loin)
    projeter(loin)

    marches = connecte.get(url_resultats(jeton)).context["marches"]

    assert {"rayon-1", "en_sus"} <= {marche.code for marche in marches}
    for marche in marches:
        suivie = connecte.post(url_resultats(jeton), {"elargir": marche.code}, follow=True)
        lus = suivie.context["resultats"]
        avec_creneau = sum(bool(offre.creneaux) for offre in lus.offres)
        assert (lus.total, avec_creneau) == (marche.total, marche.libres), marche.code


@pytest.fixture
def maison(medecine_generale, jeton, maintenant):
    """Une maison de santé, par laquelle un généraliste participe."""
    SpecialiteFactory(
        code="MSP", libelle="Maison de santé", profession=None, type_structure=TypeStructure.MSP
    )
    maison = LieuExerciceFactory(effecteur=None, structure=StructureFactory(msp=True))
    medecin = EffecteurFactory()
    ParticipationFactory(effecteur=medecin, modalite="msp", structure=maison.structure)
    projeter(LieuExerciceFactory(effecteur=medecin), maison)
    return maison


def test_un_medecin_d_une_maison_de_sante_mene_a_celles_qui_recoivent_en_sus(connecte, jeton, maison):
    page = connecte.get(url_resultats(jeton))
    suivie = connecte.post(url_resultats(jeton), {"elargir": "msp"}, follow=True)

    assert re.findall(r'form="affinage" name="elargir" value="(\w+)">Maisons', texte(page)) == ["msp"]
    assert [offre.lieu.id for offre in suivie.context["resultats"].offres] == [f"l{maison.pk}"]
    assert reverse("orientation:orienter_en_sus", args=[f"l{maison.pk}"]) in texte(suivie)
    assert 'value="msp"' not in texte(suivie)


def test_qui_n_oriente_pas_en_sus_n_est_pas_mene_aux_maisons_de_sante(client, maison):
    client.force_login(CompteFactory(role=Role.IOA))
    reponse = client.post(URL, {"quoi": "médecine générale", "ou": "Lille"}, follow=True)

    assert 'value="msp">Maisons' not in texte(reponse)


def test_une_recherche_vide_dit_chaque_marche_meme_sans_rien(connecte, jeton, maintenant):
    """Plus large, les jours suivants, à distance, la CPTS, en sus : essayés, et comptés."""
    loin = LieuExerciceFactory(lat=50.9)
    projeter(loin)
    session = connecte.session
    demande = carnet.retrouver(session, jeton).avec(delais=("0-4",), secteur_cpts=((7, "CPTS du Nord"),))
    carnet.remplacer(session, jeton, demande)
    session.save()

    reponse = connecte.get(url_resultats(jeton))

    codes = {m.code: (m.total, m.mene) for m in [*reponse.context["marches"], *reponse.context["vaines"]]}
    assert reponse.context["resultats"].total == 0
    assert {"rayon-1", "delais", "teleconsultation", "cpts-7", "en_sus"} <= codes.keys()
    lu = " ".join(texte(reponse).split())
    assert "Les jours suivants, jusqu’à 72 heures : aucune offre" in lu
    assert "CPTS du Nord : aucune offre" in lu
    assert "Téléconsultation jusqu’à 100 km : aucune offre" in lu


def test_une_recherche_vide_sans_rien_alentour_le_dit_en_clair(connecte, jeton, maintenant):
    lu = texte(connecte.get(url_resultats(jeton)))

    assert "Aucune de ces recherches ne donne davantage." in lu
    assert "Les trois jours montrés sont déjà cherchés en entier." in lu
    assert "Aucune CPTS ne couvre la commune cherchée." in lu


def test_un_resultat_fourni_ne_propose_pas_de_relacher(connecte, jeton, medecine_generale, maintenant):
    for _ in range(5):
        libre = LieuExerciceFactory()
        DisponibiliteFactory(lieu=libre)
        projeter(libre)

    assert connecte.get(url_resultats(jeton)).context["marches"] == []


def test_a_egalite_la_moins_recemment_sollicitee_passe_devant(connecte, jeton, osnp, maintenant):
    paires = [LieuExerciceFactory(lat=50.6365 + n / 10_000, lon=3.0635) for n in range(2)]
    for pair in paires:
        DisponibiliteFactory(lieu=pair)
    projeter(*paires)
    il_y_a_deux_jours = maintenant - timedelta(days=2)
    OrientationFactory(
        surnumeraire=True, lieu=paires[0], acteur=osnp, prise_le=il_y_a_deux_jours, debut=il_y_a_deux_jours
    )

    offres = connecte.get(url_resultats(jeton)).context["resultats"].offres

    assert [o.lieu.id for o in offres] == [f"l{paires[1].pk}", f"l{paires[0].pk}"]
    assert offres[1].raison_du_rang.endswith("sollicité 1 fois en 7\u00a0jours")


@pytest.mark.parametrize(("issue", "dernier"), [("sans_reponse", True), ("accepte", False)])
def test_qui_n_a_pas_donne_suite_aujourd_hui_passe_apres(connecte, jeton, osnp, maintenant, issue, dernier):
    proche = LieuExerciceFactory(lat=50.632, lon=3.047)
    loin = LieuExerciceFactory(lat=50.66, lon=3.047)
    for lieu in (proche, loin):
        DisponibiliteFactory(lieu=lieu)
    projeter(proche, loin)
    Appel.objects.create(
        acteur=osnp, lieu=proche, issue=IssueAppel(issue), le=maintenant - timedelta(hours=1)
    )

    offres = connecte.get(url_resultats(jeton)).context["resultats"].offres

    assert (offres[-1].lieu.id == f"l{proche.pk}") == dernier
    assert ("n’a pas donné suite aujourd’hui" in offres[-1].raison_du_rang) == dernier


def test_une_offre_partie_entre_deux_pages_n_en_fait_sauter_aucune(
    connecte, jeton, medecine_generale, maintenant
):
    lieux = [LieuExerciceFactory(lat=50.632 + n / 100_000) for n in range(15)]
    for lieu in lieux:
        DisponibiliteFactory(lieu=lieu)
    projeter(*lieux)
    premiere = connecte.get(url_resultats(jeton))
    suite = re.search(r'href="(\?page=2&amp;suite=l\d+)"', premiere.content.decode())[1].replace("&amp;", "&")
    lue = premiere.context["resultats"].offres[0].lieu.id
    parti = next(lieu for lieu in lieux if f"l{lieu.pk}" == lue)
    parti.est_actif = False
    parti.save()
    projeter(*[lieu for lieu in lieux if lieu.pk != parti.pk], LieuExerciceFactory(lat=50.9))
    from agenda.offre import rafraichir

    rafraichir([parti.pk], maintenant)

    seconde = connecte.get(url_resultats(jeton) + suite)

    vus = [o.lieu.id for page in (premiere, seconde) for o in page.context["resultats"].offres]
    assert len(vus) == len(set(vus)) == 15


def test_un_departement_s_arrete_a_ses_limites(connecte, medecine_generale, maintenant):
    from tests.annuaire.factories import CommuneFactory, DepartementFactory

    dedans = LieuExerciceFactory()
    voisine = CommuneFactory(
        code_insee="62041", nom="Arras", departement=DepartementFactory(code="62", nom="Pas-de-Calais")
    )
    dehors = LieuExerciceFactory(commune=voisine, lat=50.45, lon=3.0)
    projeter(dedans, dehors)

    entier = connecte.post(URL, {"quoi": "médecine générale", "ou": "Nord"}, follow=True)
    elargi = connecte.post(entier.redirect_chain[0][0], {"rayon_km": "200"}, follow=True)

    assert [o.lieu.id for o in entier.context["resultats"].offres] == [f"l{dedans.pk}"]
    assert "Dans les limites du département" in texte(entier)
    assert elargi.context["resultats"].total == 2
