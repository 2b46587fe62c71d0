"""Les pages : la place tenue, l’appel, le bulletin, la correction, le suivi d’équipe, les issues, les avis."""

import re
from datetime import datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from agenda.models import Tenue
from agenda.tenues import tenir
from comptes.enums import Role
from comptes.models import Trace
from orientation.actions import annuler, orienter
from orientation.enums import Issue, IssueAppel, MotifAnnulation, RythmeAvis
from orientation.models import (
    Annulation,
    Appel,
    IssueOrientation,
    MotifRefus,
    NoteReleve,
    Orientation,
    PreferenceAvis,
)
from orientation.suivi import jetons
from tests.annuaire.factories import CommuneFactory, StructureFactory, TerritoireFactory, habiliter
from tests.comptes.factories import CompteFactory
from tests.orientation.conftest import identifiant
from tests.orientation.factories import OrientationFactory


@pytest.fixture
def nord(lieu):
    return TerritoireFactory(nom="SAS Nord", departements=[lieu.commune.departement])


@pytest.fixture
def equipier(nord):
    """Un autre régulateur du même territoire."""
    compte = CompteFactory()
    habiliter(compte, Role.OSNP, territoire=nord)
    return compte


@pytest.fixture
def connecte(client, equipier):
    client.force_login(equipier)
    return client


@pytest.fixture
def medecin(lieu):
    return CompteFactory(
        role=Role.EFFECTEUR,
        identifiant_national=lieu.effecteur.identifiant_national,
        email="m@exemple.invalid",
    )


@pytest.fixture
def prise(equipier, creneau, maintenant) -> Orientation:
    return orienter(acteur=equipier, cle="a", creneau_id=identifiant(creneau), maintenant=maintenant)


def corps(reponse) -> str:
    return reponse.content.decode()


# --- Pendant l’appel -------------------------------------------------------------


def test_tenir_puis_prolonger_puis_confirmer_depuis_la_page(connecte, equipier, creneau, maintenant):
    creneau_id = identifiant(creneau)
    tenue = connecte.post(reverse("suivi:tenir", args=[creneau_id]), follow=True)
    prolongee = connecte.post(reverse("suivi:prolonger", args=[creneau_id]), follow=True)
    encore = connecte.post(reverse("suivi:prolonger", args=[creneau_id]), follow=True)

    assert "Vous tenez cette place jusqu’à" in corps(tenue)
    assert "Prolonger de 3 minutes" in corps(tenue)
    assert "Prolonger de 3 minutes" not in corps(prolongee)
    assert "ne se prolonge qu’une fois" in corps(encore)
    assert Tenue.objects.get().compte == equipier


def test_une_place_tenue_par_un_autre_le_dit_et_propose_autre_chose(connecte, creneau, plage, maintenant):
    creneau_id = identifiant(creneau)
    tenir(
        compte=CompteFactory(role=Role.OSNP),
        creneau_id=creneau_id,
        territoire=None,
        maintenant=maintenant,
    )

    reponse = connecte.post(reverse("suivi:tenir", args=[creneau_id]), follow=True)

    assert "tenue par un autre régulateur" in corps(reponse)
    assert identifiant(plage) in corps(reponse)


def test_un_refus_demande_sa_raison_et_se_relit_sur_l_etape(connecte, creneau, maintenant):
    motif = MotifRefus.objects.create(libelle="Absent, congé")
    url = reverse("suivi:appel", args=[f"l{creneau.lieu_id}"])

    demande = {"issue": IssueAppel.REFUS, "creneau": identifiant(creneau)}
    sans_raison = connecte.post(url, demande | {"motif": ""}, follow=True)
    connecte.post(url, demande | {"motif": motif.pk})
    etape = connecte.get(reverse("orientation:orienter", args=[identifiant(creneau)]))

    assert "Choisissez la raison du refus." in corps(sans_raison)
    assert 'aria-describedby="motif-refus-erreur"' in corps(sans_raison)
    assert "Choisissez la raison du refus." not in corps(etape)
    assert Appel.objects.count() == 1
    assert "1 refus (absent, congé) aujourd’hui" in corps(etape)


def test_un_accord_ramene_a_l_orientation(connecte, creneau, maintenant):
    creneau_id = identifiant(creneau)
    url = reverse("suivi:appel", args=[f"l{creneau.lieu_id}"])

    reponse = connecte.post(url, {"issue": IssueAppel.ACCEPTE, "creneau": creneau_id})

    assert reponse.headers["Location"] == reverse("orientation:orienter", args=[creneau_id])


def test_aucune_raison_de_refus_n_est_choisie_d_avance(connecte, creneau, maintenant):
    etape = connecte.get(reverse("orientation:orienter", args=[identifiant(creneau)]))

    liste = re.search(r'<select[^>]*name="motif".*?</select>', corps(etape), re.DOTALL)[0]
    valeurs = re.findall(r'<option value="(.*?)"', liste)
    assert valeurs[0] == ""
    assert len(valeurs) == MotifRefus.objects.filter(est_actif=True).count() + 1
    assert "selected" not in liste


@pytest.mark.parametrize(
    ("issue", "suite"),
    [
        pytest.param(IssueAppel.ACCEPTE, "", id="accord"),
        pytest.param(IssueAppel.REFUS, "?appel=sans_raison", id="refus sans raison"),
    ],
)
def test_hors_creneaux_l_appel_ramene_a_la_saisie_de_l_heure(connecte, lieu, maintenant, issue, suite):
    reponse = connecte.post(reverse("suivi:appel", args=[f"l{lieu.pk}"]), {"issue": issue, "creneau": ""})

    saisie = reverse("orientation:orienter_en_sus", args=[f"l{lieu.pk}"])
    assert reponse.headers["Location"] == saisie + suite


def test_noter_l_accord_garde_l_heure_deja_convenue(connecte, lieu, creneau, maintenant):
    """`static/js/en-sus.js` joint à l’appel le jour et l’heure choisis dans l’autre formulaire."""
    convenue = {"date": "2026-11-03", "heure": "10:15"}
    appel = {"issue": IssueAppel.ACCEPTE, "creneau": ""} | convenue

    form = connecte.post(reverse("suivi:appel", args=[f"l{lieu.pk}"]), appel, follow=True).context["form"]

    assert {nom: form[nom].value() for nom in convenue} == convenue
    assert '<option value="10:15" selected>' in str(form["heure"])


def test_la_carte_dit_a_la_regulation_ce_qui_se_passe_en_ce_moment(
    client, equipier, creneau, nord, maintenant, medecine_generale
):
    CommuneFactory()
    tenir(
        compte=CompteFactory(role=Role.OSNP),
        creneau_id=identifiant(creneau),
        territoire=nord,
        maintenant=maintenant,
    )
    resultats = {}
    for compte in (equipier, CompteFactory(administrateur=True)):
        client.force_login(compte)
        reponse = client.post(
            reverse("orientation:recherche"), {"quoi": "médecine générale", "ou": "Lille"}, follow=True
        )
        resultats[compte.pk] = "place tenue par un autre régulateur (SAS Nord), en cours d’appel" in corps(
            reponse
        )

    assert list(resultats.values()) == [True, False]


def test_une_plage_ne_se_remplace_pas_par_elle_meme(connecte, equipier, plage, maintenant):
    orientation = orienter(acteur=equipier, cle="p", creneau_id=identifiant(plage), maintenant=maintenant)

    page = connecte.get(reverse("suivi:corriger", args=[orientation.uuid]))

    assert identifiant(plage) not in corps(page)
    assert "Aucun autre créneau n’est libre en ce lieu" in corps(page)


# --- Après -------------------------------------------------------------------------


def test_le_bulletin_dit_tout_sauf_ce_qui_est_reserve(connecte, prise):
    prise.lieu.informations_complementaires = "Code 12B, réservé"
    prise.lieu.save()

    page = connecte.get(reverse("suivi:bulletin", args=[prise.uuid]))

    texte = page.context["bulletin"].texte()
    assert "lundi 2 novembre 2026 à 9\u00a0h" in texte
    assert "rappelez le 15" in texte
    assert "12B" not in texte


@pytest.mark.parametrize(
    ("modalites", "dit", "tait"),
    [
        (["cabinet"], ["Pour s’y rendre", "Carte Vitale"], ["téléconsultation", "chez vous"]),
        ([], ["Pour s’y rendre"], ["téléconsultation", "chez vous"]),
        (
            ["cabinet", "teleconsultation"],
            ["Pour s’y rendre", "Ou en téléconsultation, si c’est convenu"],
            [],
        ),
        (["teleconsultation"], ["En téléconsultation"], ["Pour s’y rendre", "Carte Vitale"]),
        (["domicile"], ["À domicile, le professionnel se déplace chez vous"], ["Pour s’y rendre"]),
    ],
)
def test_le_bulletin_dit_ou_se_rendre_ou_de_rester_chez_soi(connecte, prise, modalites, dit, tait):
    prise.lieu.accueil = ["carte_vitale"]
    prise.lieu.save()
    prise.modalites = modalites
    prise.save()

    page = connecte.get(reverse("suivi:bulletin", args=[prise.uuid]))

    for texte in (corps(page), page.context["bulletin"].texte()):
        assert [phrase in texte for phrase in (*dit, *tait)] == [True] * len(dit) + [False] * len(tait)


def test_une_orientation_annulee_n_a_plus_de_bulletin(client, db):
    orientation = OrientationFactory(annulee=True)
    client.force_login(orientation.acteur)

    assert client.get(reverse("suivi:bulletin", args=[orientation.uuid])).status_code == 404


def test_corriger_depuis_la_page(connecte, prise, plage):
    url = reverse("suivi:corriger", args=[prise.uuid])
    form = connecte.get(url).context["form"]

    saisie = {"creneau": identifiant(plage), "cle": form.initial["cle"], "motif": "autre_heure"}
    reponse = connecte.post(url, saisie)

    nouvelle = Orientation.objects.get(annulee_le=None)
    assert reponse.headers["Location"] == reverse("orientation:orientation", args=[nouvelle.uuid])
    assert nouvelle.remplace == prise
    assert Annulation.objects.get(orientation=prise).motif == MotifAnnulation.AUTRE_HEURE
    ancienne = corps(connecte.get(reverse("suivi:fiche", args=[prise.uuid])))
    assert "le patient demande une autre heure" in ancienne
    assert reverse("suivi:fiche", args=[nouvelle.uuid]) in ancienne


def test_la_meme_correction_envoyee_deux_fois_mene_a_la_meme_orientation(connecte, prise, plage):
    """Un double clic montre la seconde réponse : ce n’est pas un refus."""
    url = reverse("suivi:corriger", args=[prise.uuid])
    saisie = {"creneau": identifiant(plage), "motif": "autre_heure"}
    saisie["cle"] = connecte.get(url).context["form"].initial["cle"]

    envois = [connecte.post(url, saisie).headers["Location"] for _ in range(2)]

    nouvelle = Orientation.objects.get(annulee_le=None)
    assert envois == [reverse("orientation:orientation", args=[nouvelle.uuid])] * 2


def test_une_correction_dit_pourquoi(connecte, prise, plage):
    """Aucun motif n’est choisi à la place de la personne, ni à la correction ni à l’annulation."""
    url = reverse("suivi:corriger", args=[prise.uuid])
    form = connecte.get(url).context["form"]

    reponse = connecte.post(url, {"creneau": identifiant(plage), "cle": form.initial["cle"]})
    annulation = connecte.post(reverse("orientation:annulation", args=[prise.uuid]), {"motif": ""})

    for page in (reponse, annulation):
        assert page.context["form"].errors["motif"] == ["Choisissez pourquoi."]
    assert not Annulation.objects.exists()


# --- Le suivi ------------------------------------------------------------------------


def test_l_equipe_voit_les_siennes_et_pas_celles_d_ailleurs(client, nord, prise, maintenant):
    collegue, ailleurs = CompteFactory(), CompteFactory()
    habiliter(collegue, Role.REGULATEUR, territoire=nord)
    habiliter(ailleurs, Role.OSNP, territoire=TerritoireFactory(nom="SAS Ailleurs"))
    vues = {}
    for compte in (collegue, ailleurs):
        client.force_login(compte)
        vues[compte.pk] = (
            client.get(reverse("suivi:tableau")).context["page"].paginator.count,
            client.get(reverse("suivi:fiche", args=[prise.uuid])).status_code,
        )

    assert vues == {collegue.pk: (1, 200), ailleurs.pk: (0, 404)}
    assert Trace.objects.filter(verbe="orientation.lue", acteur=collegue).count() == 1


@pytest.mark.parametrize(
    ("filtre", "nombre"),
    [
        ({"genre": "creneau"}, 1),
        ({"genre": "plage"}, 0),
        ({"etat": "prise"}, 1),
        ({"etat": "annulee"}, 0),
        ({"etat": Issue.VENU}, 0),
        ({"du": "2026-11-01", "au": "2026-11-01"}, 0),
        ({"du": "2026-11-03", "au": "2026-11-01"}, 0),
        ({"du": "2020-01-01", "au": "2026-11-02"}, 0),
        ({"du": "9999-12-31", "au": "9999-12-31"}, 0),
        ({"au": "9999-12-31"}, 0),
        ({"qui": "miennes"}, 1),
    ],
)
def test_les_filtres_du_suivi(connecte, prise, filtre, nombre):
    assert connecte.get(reverse("suivi:tableau"), filtre).context["page"].paginator.count == nombre


def test_le_suivi_se_lit_par_collegue_et_par_territoire(client, nord, equipier, prise, maintenant):
    ailleurs, collegue = TerritoireFactory(nom="SAS Ailleurs"), CompteFactory()
    habiliter(collegue, Role.OSNP, territoire=nord)
    habiliter(collegue, Role.REGULATEUR, territoire=ailleurs)
    sienne = OrientationFactory(acteur=collegue, territoire=ailleurs, prise_le=maintenant)
    client.force_login(collegue)

    def lues(**filtre):
        return set(client.get(reverse("suivi:tableau"), filtre).context["page"].object_list)

    assert lues() == {prise, sienne}
    assert lues(qui="miennes") == {sienne}
    assert lues(qui=equipier.pk) == {prise}
    assert lues(regulation=ailleurs.pk) == {sienne}
    assert lues(regulation=nord.pk, qui="miennes") == set()


def test_le_suivi_n_a_pas_deux_champs_de_meme_nom(connecte, prise):
    identifiants = re.findall(r'\bid="([^"]+)"', corps(connecte.get(reverse("suivi:tableau"))))

    assert len(identifiants) == len(set(identifiants))


def test_on_ne_filtre_que_sur_son_equipe(connecte, prise):
    inconnu = CompteFactory(role=Role.OSNP)

    page = connecte.get(reverse("suivi:tableau"), {"qui": inconnu.pk})

    assert page.context["filtre"].errors["qui"]
    assert not page.context["page"].paginator.count


@pytest.mark.parametrize(
    ("debut", "dit"),
    [("2026-11-02T09:00+01:00", "À venir"), ("2026-11-02T07:30+01:00", "Sans issue connue")],
)
def test_un_rendez_vous_a_venir_n_attend_pas_d_issue(connecte, equipier, nord, maintenant, debut, dit):
    OrientationFactory(
        acteur=equipier, territoire=nord, prise_le=maintenant, debut=datetime.fromisoformat(debut)
    )

    page = corps(connecte.get(reverse("suivi:tableau")))

    assert [f"{etat}</p>" in page for etat in ("À venir", "Sans issue connue")] == [
        dit == "À venir",
        dit == "Sans issue connue",
    ]


def test_passe_sans_issue_se_filtre(connecte, prise, maintenant):
    with time_machine.travel(maintenant + timedelta(hours=3), tick=False):
        page = connecte.get(reverse("suivi:tableau"), {"etat": "sans_issue"}).context["page"]

    assert list(page) == [prise]


def test_le_suivi_ne_fait_pas_une_requete_par_ligne(connecte, equipier, nord, prise, compter_requetes):
    url = reverse("suivi:tableau")
    connecte.get(url)
    avec_une = compter_requetes(lambda: connecte.get(url))

    OrientationFactory.create_batch(6, acteur=equipier, territoire=nord, prise_le=prise.prise_le)

    assert compter_requetes(lambda: connecte.get(url)) == avec_une


def test_l_export_ne_nomme_aucun_regulateur_et_se_trace(connecte, equipier, prise):
    reponse = connecte.get(reverse("suivi:export"))

    contenu = corps(reponse)
    assert contenu.splitlines()[1].split(";")[1:4] == ["SAS Nord", "Créneau", str(prise.lieu.effecteur)]
    assert equipier.nom not in contenu.replace(str(prise.lieu.effecteur), "")
    assert Trace.objects.filter(verbe="orientations.exportees").count() == 1


def test_un_referent_retire_avec_un_motif(client, nord, prise):
    referent = CompteFactory()
    habiliter(referent, Role.REFERENT, territoire=nord)
    client.force_login(referent)

    client.post(reverse("suivi:retirer", args=[prise.uuid]))
    prise.refresh_from_db()
    sans_motif = prise.annulee_le
    client.post(reverse("suivi:retirer", args=[prise.uuid]), {"motif": "patient"})

    prise.refresh_from_db()
    assert sans_motif is None
    assert prise.annulation.acteur == referent


# --- Notes de relève -----------------------------------------------------------------


def test_une_note_se_lit_dans_son_territoire_et_trois_jours(connecte, client, nord, maintenant):
    connecte.post(reverse("suivi:noter"), {"territoire": nord.pk, "texte": "Le Dr Martin rappelle à 14 h"})
    chez_soi = corps(connecte.get(reverse("suivi:tableau")))
    with time_machine.travel(maintenant + timedelta(days=4), tick=False):
        client.force_login(NoteReleve.objects.get().auteur)
        apres = corps(client.get(reverse("suivi:tableau")))
    ailleurs = CompteFactory()
    habiliter(ailleurs, Role.OSNP, territoire=TerritoireFactory(nom="SAS Ailleurs"))
    client.force_login(ailleurs)

    assert "rappelle à 14 h" in chez_soi
    assert "rappelle à 14 h" not in apres
    assert "rappelle à 14 h" not in corps(client.get(reverse("suivi:tableau")))


@pytest.mark.parametrize(
    "texte", ["rappeler le 06 12 34 56 78", "née le 12/03/1950", "1 50 03 59 350 123 45"]
)
def test_une_note_qui_semble_designer_un_patient_est_refusee(connecte, nord, maintenant, texte):
    reponse = connecte.post(reverse("suivi:noter"), {"territoire": nord.pk, "texte": texte})

    assert reponse.status_code == 400
    assert "semble désigner un patient" in corps(reponse)
    assert not NoteReleve.objects.exists()


def test_on_n_ecrit_pas_a_l_equipe_d_un_autre_territoire(connecte, maintenant):
    ailleurs = TerritoireFactory(nom="SAS Ailleurs")

    reponse = connecte.post(reverse("suivi:noter"), {"territoire": ailleurs.pk, "texte": "Bonjour"})

    assert (reponse.status_code, NoteReleve.objects.count()) == (400, 0)


def test_chacun_efface_ses_notes(connecte, equipier, nord, maintenant):
    sienne = NoteReleve.objects.create(territoire=nord, auteur=equipier, texte="a", le=maintenant)
    autre = NoteReleve.objects.create(territoire=nord, auteur=CompteFactory(), texte="b", le=maintenant)

    statuts = [connecte.post(reverse("suivi:effacer_note", args=[n.pk])).status_code for n in (sienne, autre)]

    assert statuts == [302, 404]
    assert list(NoteReleve.objects.all()) == [autre]


# --- Dire l’issue, choisir ses avis ------------------------------------------------------


def test_le_medecin_repond_depuis_sa_liste(client, medecin, prise, maintenant):
    client.force_login(medecin)
    with time_machine.travel(maintenant + timedelta(hours=3), tick=False):
        client.force_login(medecin)
        liste = corps(client.get(reverse("suivi:issues")))
        client.post(reverse("suivi:issue", args=[prise.uuid]), {"issue": Issue.VENU})

    assert "À dire" in liste
    assert IssueOrientation.objects.get().acteur == medecin


def test_un_confrere_ne_repond_pas_a_sa_place(client, prise):
    client.force_login(CompteFactory(role=Role.EFFECTEUR, identifiant_national="810000000001"))

    assert client.post(reverse("suivi:issue", args=[prise.uuid]), {"issue": Issue.VENU}).status_code == 404
    assert "Aucun patient adressé" in corps(client.get(reverse("suivi:issues")))


def test_ouvrir_le_lien_n_ecrit_rien_le_confirmer_ecrit_une_fois(client, medecin, prise, maintenant):
    url = reverse("suivi:issue_par_lien", args=[jetons.sceller(prise, medecin, Issue.VENU)])
    with time_machine.travel(maintenant + timedelta(hours=3), tick=False):
        ouverte = client.get(url)
        inspectee = client.head(url)
        avant = IssueOrientation.objects.count()
        confirmee = client.post(url)
        client.post(url)

    assert "Rien n’est enregistré" in corps(ouverte)
    assert inspectee.status_code == 200
    assert avant == 0
    assert "C’est noté" in corps(confirmee)
    assert IssueOrientation.objects.get().acteur == medecin


def test_un_lien_contrefait_ou_trop_tot_est_refuse_sans_rien_ecrire(client, medecin, prise):
    bon = jetons.sceller(prise, medecin, Issue.VENU)

    trop_tot = client.post(reverse("suivi:issue_par_lien", args=[bon]))
    contrefait = client.get(reverse("suivi:issue_par_lien", args=["x" + bon]))

    assert (trop_tot.status_code, contrefait.status_code) == (409, 410)
    assert not IssueOrientation.objects.exists()


@pytest.mark.parametrize("annulee", [False, True])
def test_un_lien_qui_ne_peut_rien_dire_ne_propose_pas_de_confirmer(
    client, medecin, prise, equipier, maintenant, annulee
):
    if annulee:
        annuler(acteur=equipier, orientation=prise, maintenant=maintenant)
    url = reverse("suivi:issue_par_lien", args=[jetons.sceller(prise, medecin, Issue.VENU)])

    page = corps(client.get(url))

    assert ("a été annulée" if annulee else "n’a pas encore eu lieu") in page
    assert "Confirmer" not in page


def test_qui_ne_gere_plus_la_structure_ne_repond_plus_pour_elle(client, equipier, lieu, maintenant):
    sos = StructureFactory(sos=True, commune=lieu.commune)
    gestionnaire = CompteFactory()
    gere = habiliter(gestionnaire, Role.GESTIONNAIRE_STRUCTURE, structure=sos)
    orientation = OrientationFactory(
        acteur=equipier, surnumeraire=True, structure=sos, prise_le=maintenant, debut=maintenant
    )
    url = reverse("suivi:issue_par_lien", args=[jetons.sceller(orientation, gestionnaire, Issue.VENU)])
    avant = client.get(url).status_code
    gere.fin_le = maintenant
    gere.save()

    assert (avant, client.post(url).status_code) == (200, 410)
    assert not IssueOrientation.objects.exists()


def test_le_medecin_choisit_son_rythme(client, medecin, lieu, maintenant):
    client.force_login(medecin)
    cle = f"e{lieu.effecteur_id}"

    client.post(reverse("suivi:avis"), {"pour": cle, f"{cle}-rythme": RythmeAvis.QUOTIDIEN})

    preference = PreferenceAvis.objects.get()
    assert (preference.effecteur, preference.rythme) == (lieu.effecteur, RythmeAvis.QUOTIDIEN)
    assert 'value="quotidien"' in corps(client.get(reverse("suivi:avis")))


def test_on_ne_choisit_pas_pour_un_autre(client, medecin, maintenant):
    client.force_login(medecin)

    client.post(reverse("suivi:avis"), {"pour": "e999", "e999-rythme": RythmeAvis.AUCUN})

    assert not PreferenceAvis.objects.exists()
