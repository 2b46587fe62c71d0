"""Ce que valent les participations des personas : un trimestre clos, un autre en cours. Fictif, rejouable.

Et l’année d’avant, close aussi, où valait encore le forfait par tranches.

Les faits sont écrits comme s’ils avaient eu lieu ; les décomptes, les fichiers et les fils
viennent du vrai code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from annuaire.models import Effecteur, LieuExercice, Structure
    from comptes.models import Compte
    from remuneration.models import Calcul

CLE = "demonstration-remuneration"
CRENEAUX = (time(9), time(11, 20), time(14, 40), time(19, 30))
ATTENTE = timedelta(hours=3)
# Une semaine sur neuf sous les deux heures ; un patient sur douze ne vient pas ; les derniers restent à dire.
UNE_SEMAINE_COURTE_SUR, UN_ABSENT_SUR, A_DIRE = 9, 12, 3
DESACCORD = "Il manque une consultation de la fin du trimestre\u00a0: le patient est venu."
REPONSE = "Son issue n’avait pas été dite avant la clôture. Dites-la dans «\u00a0Acte par acte\u00a0»\u00a0: un rectificatif suivra."


def preparer_remunerations(comptes: Mapping[str, Compte], maintenant: datetime) -> None:
    """Un médecin qui saisit son agenda, un autre par son logiciel, une association ; puis le trimestre écoulé, clos."""
    from annuaire.enums import TypeStructure
    from annuaire.models import Effecteur, LieuExercice, Structure
    from orientation.models import Orientation

    if Orientation.objects.filter(cle__startswith=CLE).exists():
        return
    effecteurs = {
        cle: Effecteur.objects.filter(identifiant_national=comptes[cle].identifiant_national).first()
        for cle in ("effecteur", "effecteur-interface")
    }
    for cle, effecteur in effecteurs.items():
        if effecteur is not None:
            # Le dernier lieu : le premier a des limites que ces patients rempliraient.
            lieu = effecteur.lieux.filter(est_actif=True).order_by("-pk").first()
            _dater_la_participation(effecteur, maintenant)
            _orienter(lieu, comptes["regulateur"], comptes[cle], maintenant)
            if cle == "effecteur":
                _relever_les_heures(effecteur, maintenant)
    gestionnaire = comptes["gestionnaire-structure"]
    gerees = Structure.objects.filter(perimetres__habilitation__compte=gestionnaire, type=TypeStructure.SOS)
    for association in gerees.distinct():
        point = LieuExercice.objects.filter(structure=association, effecteur=None).order_by("pk").first()
        _dater_la_participation(association, maintenant)
        _orienter(point, comptes["regulateur"], gestionnaire, maintenant)
    calcul = _clore(comptes["administrateur"], maintenant)
    if calcul is not None and effecteurs["effecteur"] is not None:
        _remettre_et_contester(calcul, effecteurs["effecteur"], comptes, maintenant)


def _trimestre_des_tranches() -> str:
    """Le dernier où le forfait d’activité a valu."""
    from remuneration.domaine.periodes import trimestre_de
    from remuneration.enums import Prestation
    from remuneration.models import Regle

    finies = Regle.objects.en_vigueur().filter(prestation=Prestation.ACTIVITE, fin__isnull=False)
    lendemain = finies.latest("fin").fin
    assert lendemain is not None
    return trimestre_de(lendemain - timedelta(days=1))


def _debut_du_trimestre_ecoule(maintenant: datetime) -> date:
    from remuneration.domaine.periodes import bornes, trimestre_de

    debut, _ = bornes(trimestre_de(maintenant.astimezone(ZoneInfo("Europe/Paris")).date()))
    return bornes(trimestre_de(debut - timedelta(days=1)))[0]


def _dater_la_participation(titulaire: Effecteur | Structure, maintenant: datetime) -> None:
    """La déclaration d’origine, comme si elle datait d’avant l’année en cours."""
    from annuaire.models import Effecteur
    from participation.models import VersionParticipation

    cle = "effecteur" if isinstance(titulaire, Effecteur) else "structure"
    derniere = VersionParticipation.objects.filter(**{cle: titulaire}).order_by("-le", "-pk").first()
    if derniere is None:
        from participation.actions import valeurs
        from participation.lectures import participation_de

        reglages = participation_de(titulaire) if isinstance(titulaire, Effecteur) else None
        if reglages is None:
            return
        apres = valeurs(reglages)
    else:
        # Ce que la déclaration jouée dans la démonstration a remplacé, sinon elle-même.
        apres = derniere.avant or derniere.apres
    annee = _debut_du_trimestre_ecoule(maintenant).year
    le = datetime(annee - 1, 9, 1, 9, tzinfo=ZoneInfo("Europe/Paris"))
    VersionParticipation.objects.create(**{cle: titulaire}, le=le, apres=apres)


def _instants(lieu: LieuExercice, maintenant: datetime) -> Iterator[datetime]:
    """Deux patients par semaine, le trimestre des tranches puis depuis celui écoulé ; quatre par jour cette semaine."""
    fuseau = ZoneInfo(lieu.fuseau)
    aujourd_hui = maintenant.astimezone(fuseau).date()
    lundi = aujourd_hui - timedelta(days=aujourd_hui.weekday())
    rang = 0
    for jour in _jours(maintenant, aujourd_hui):
        if jour >= lundi or jour.weekday() in (1, 3):
            du_jour = CRENEAUX if jour >= lundi else (CRENEAUX[rang % len(CRENEAUX)],)
            yield from (
                instant
                for heure in du_jour
                if (instant := datetime.combine(jour, heure, tzinfo=fuseau)) <= maintenant
            )
            rang += 1


def _jours(maintenant: datetime, dernier: date) -> Iterator[date]:
    from remuneration.domaine.periodes import bornes

    ecoule = _debut_du_trimestre_ecoule(maintenant)
    jour, fin = bornes(_trimestre_des_tranches())
    while jour <= dernier:
        if jour < fin or jour >= ecoule:
            yield jour
        jour += timedelta(days=1)


def _orienter(
    lieu: LieuExercice | None, regulateur: Compte, qui_repond: Compte, maintenant: datetime
) -> None:
    from annuaire.models import Territoire
    from orientation.enums import Issue, SourceIssue, TypeOrientation, Voie
    from orientation.models import IssueOrientation, Orientation

    if lieu is None:
        return
    territoire = Territoire.objects.couvrant(lieu.commune).order_by("pk").first()
    ecoule = _debut_du_trimestre_ecoule(maintenant)
    orientations = Orientation.objects.bulk_create(
        Orientation(
            acteur=regulateur,
            cle=f"{CLE}-{lieu.pk}-{rang}",
            empreinte="0" * 64,
            type=TypeOrientation.OSNP_SURNUMERAIRE,
            voie=Voie.SURNUMERAIRE,
            lieu=lieu,
            effecteur=lieu.effecteur,
            structure=None if lieu.effecteur_id else lieu.structure,
            debut=debut,
            modalites=["domicile"] if rang % 7 == 0 else ["cabinet"],
            territoire=territoire,
            territoire_destinataire=territoire,
            prise_le=debut - ATTENTE,
        )
        for rang, debut in enumerate(_instants(lieu, maintenant))
    )
    # Une du trimestre écoulé reste sans issue : c’est elle que conteste le médecin.
    sans_issue = [o.pk for o in orientations if o.debut.date() >= ecoule][UN_ABSENT_SUR * 2]
    IssueOrientation.objects.bulk_create(
        IssueOrientation(
            orientation=orientation,
            issue=Issue.PAS_VENU if rang % UN_ABSENT_SUR == UN_ABSENT_SUR - 1 else Issue.VENU,
            source=SourceIssue.TABLEAU,
            acteur=qui_repond,
            le=min(orientation.debut + timedelta(hours=4), maintenant),
        )
        for rang, orientation in enumerate(orientations[:-A_DIRE])
        if orientation.pk != sans_issue
    )


def _relever_les_heures(effecteur: Effecteur, maintenant: datetime) -> None:
    from agenda.models import ReleveHebdomadaire

    lundi = maintenant.date() - timedelta(days=maintenant.weekday() + 7)
    lundis = [lundi - timedelta(weeks=n) for n in range(60)]
    ReleveHebdomadaire.objects.bulk_create(
        (
            ReleveHebdomadaire(
                effecteur=effecteur,
                semaine=jour,
                minutes=90 if rang % UNE_SEMAINE_COURTE_SUR == 0 else 150,
                seuil_min=120,
                releve_le=maintenant,
            )
            for rang, jour in enumerate(lundis)
        ),
        ignore_conflicts=True,
    )


def _clore(administrateur: Compte, maintenant: datetime) -> Calcul | None:
    """Le trimestre des tranches et son année, puis celui qui est écoulé, et le rend.

    Rien s’il n’est pas encore fini partout : les premières heures d’un trimestre.
    """
    from remuneration.calcul import ClotureRefusee, calculer, clore, ouvrir
    from remuneration.domaine.periodes import trimestre_de

    tranches = _trimestre_des_tranches()
    ecoule = trimestre_de(_debut_du_trimestre_ecoule(maintenant))
    calcul = None
    for code in dict.fromkeys((tranches, tranches[:4], ecoule)):
        try:
            calcul = clore(calculer(ouvrir(code), maintenant), par=administrateur, maintenant=maintenant)
        except ClotureRefusee:
            return None
    return calcul


def _remettre_et_contester(
    calcul: Calcul, effecteur: Effecteur, comptes: Mapping[str, Compte], maintenant: datetime
) -> None:
    """Un agent de sa caisse a produit les fichiers, une autre en a validé deux : le dernier reste à valider.

    Il conteste, elle répond.
    """
    from remuneration import contestations
    from remuneration.caisse.actions import produire, remettre, valider
    from remuneration.enums import NatureExport
    from remuneration.models import Decompte

    decomptes = Decompte.objects.filter(calcul=calcul).select_related("departement")
    sien = decomptes.filter(effecteur=effecteur).first()
    if sien is None:
        return
    caisse, agent = sien.departement, comptes["cpam"]
    relectrice = comptes["cpam-validation"]
    for export in produire(calcul, caisse, par=agent, maintenant=maintenant):
        if export.nature != NatureExport.ANOMALIES:
            valide = valider(export, par=relectrice, maintenant=maintenant)
            remettre(valide, par=relectrice, maintenant=maintenant)
    fil = contestations.ouvrir(
        periode=calcul.periode,
        departement=caisse,
        texte=DESACCORD,
        par=comptes["effecteur"],
        maintenant=maintenant,
        effecteur=effecteur,
    )
    contestations.ecrire(fil, texte=REPONSE, par=agent, de_la_caisse=True, maintenant=maintenant)
