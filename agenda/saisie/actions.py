"""Les gestes d’une personne sur l’agenda d’un lieu ; chacun d’un bloc, sur les sources, le lieu tenu."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from agenda.domaine.edition import Scission, a_venir, couper, isoler, premier_jour_a_venir
from agenda.domaine.recurrence import Regle
from agenda.domaine.saisie import Refus, Saisie, refus, regles
from agenda.enums import Genre, Portee
from agenda.models import Disponibilite, Reservation
from agenda.saisie.journal import Journal, geste
from annuaire.models import LieuExercice
from comptes.models import Compte


class SaisieRefusee(Exception):
    """Des valeurs sont à corriger : `refus` dit lesquelles."""

    def __init__(self, refus: list[Refus]) -> None:
        super().__init__("; ".join(r.message for r in refus))
        self.refus = refus


class DisponibiliteChangee(Exception):
    """Une autre fenêtre, ou une autre personne, a changé cette disponibilité ; `actuelle` est ce qu’elle est devenue."""

    def __init__(self, actuelle: Disponibilite | None) -> None:
        super().__init__(
            "Cette disponibilité a été modifiée entre-temps. Vérifiez ce qu’elle est devenue, puis recommencez."
            if actuelle
            else "Cette disponibilité a été modifiée ou supprimée entre-temps : voici l’agenda tel qu’il est."
        )
        self.actuelle = actuelle


class OccurrenceTenue(Exception):
    """Des patients y sont déjà orientés : on ne la change que sciemment."""

    def __init__(self, debut: datetime, nombre: int) -> None:
        super().__init__(
            f"{nombre} patient{'s y sont déjà orientés' if nombre > 1 else ' y est déjà orienté'}\u00a0: cette occurrence "
            "est verrouillée. Prévenez la régulation avant de la déplacer."
        )
        self.debut = debut
        self.nombre = nombre


@dataclass(slots=True)
class Bilan:
    """Ce qu’un geste a fait ; `conservees` : occurrences laissées telles quelles parce que des patients y sont attendus."""

    lignes: list[Disponibilite] = field(default_factory=list)
    conservees: list[datetime] = field(default_factory=list)


def ouvrir(*, lieu: LieuExercice, saisie: Saisie, auteur: Compte, maintenant: datetime) -> Bilan:
    """Ouvre une ou plusieurs disponibilités d’un geste. Lève `SaisieRefusee`."""
    fuseau = ZoneInfo(lieu.fuseau)
    verifier(saisie, maintenant, fuseau)
    bilan = Bilan()
    with geste(
        lieu=lieu, libelle="Ouverture de disponibilités", auteur=auteur, maintenant=maintenant
    ) as journal:
        for regle in regles(saisie, fuseau):
            bilan.lignes.append(journal.creer(disponibilite_de(lieu, a_venir(regle, maintenant), saisie)))
    return bilan


def modifier(
    *,
    lieu: LieuExercice,
    disponibilite_id: int,
    jour: date,
    portee: Portee,
    saisie: Saisie,
    auteur: Compte,
    maintenant: datetime,
    vue_le: datetime | None = None,
    deplacer: bool = False,
) -> Bilan:
    """Remplace l’occurrence de `jour`, celle-ci et les suivantes, ou toutes celles à venir, par `saisie`.

    Le passé reste ce qu’il fut. Dans une série, les occurrences où des patients
    sont attendus restent telles quelles. Une seule occurrence tenue ne change
    que si `deplacer` le dit : ses places la suivent. Lève `SaisieRefusee`,
    `DisponibiliteChangee`, `OccurrenceTenue`.
    """
    fuseau = ZoneInfo(lieu.fuseau)
    bilan = Bilan()
    with geste(lieu=lieu, libelle="Modification", auteur=auteur, maintenant=maintenant) as journal:
        ligne, scission = _scinder(lieu, disponibilite_id, jour, portee, maintenant, vue_le)
        if portee is Portee.CETTE:
            saisie = replace(saisie, jours=frozenset(), dernier_jour=None)
        elif portee is Portee.TOUTES and scission.changee:
            aujourd_hui = maintenant.astimezone(fuseau).date()
            saisie = replace(saisie, premier_jour=_depart(scission.changee, saisie, aujourd_hui))
        verifier(saisie, maintenant, fuseau)
        depuis = _debut(scission.changee)
        tenues = list(Reservation.objects.filter(disponibilite=ligne, annulee_le=None, debut__gte=depuis))
        nouvelles = [
            disponibilite_de(lieu, a_venir(regle, maintenant), saisie) for regle in regles(saisie, fuseau)
        ]
        if portee is Portee.CETTE:
            if tenues_ici := [r for r in tenues if r.debut == depuis]:
                _deplacer_l_occurrence(journal, nouvelles, tenues_ici, depuis, deplacer=deplacer)
            else:
                bilan.lignes = [journal.creer(nouvelle) for nouvelle in nouvelles]
        else:
            bilan.conservees = _detacher(journal, ligne, tenues, fuseau)
            jours_tenus = {debut.astimezone(fuseau).date() for debut in bilan.conservees}
            for nouvelle in nouvelles:
                nouvelle.sauf = sorted({*nouvelle.sauf, *jours_tenus, *_gardes(scission)})
                bilan.lignes.append(journal.creer(nouvelle))
        _retirer(journal, ligne, scission)
    return bilan


def retirer(
    *,
    lieu: LieuExercice,
    disponibilite_id: int,
    jour: date,
    portee: Portee,
    auteur: Compte,
    maintenant: datetime,
    vue_le: datetime | None = None,
) -> Bilan:
    """Supprime l’occurrence de `jour`, celle-ci et les suivantes, ou toutes celles à venir (A-17).

    Dans une série, les occurrences tenues restent. Lève `DisponibiliteChangee`,
    ou `OccurrenceTenue` si la seule occurrence visée est tenue.
    """
    bilan = Bilan()
    with geste(lieu=lieu, libelle="Suppression", auteur=auteur, maintenant=maintenant) as journal:
        ligne, scission = _scinder(lieu, disponibilite_id, jour, portee, maintenant, vue_le)
        depuis = _debut(scission.changee)
        tenues = list(Reservation.objects.filter(disponibilite=ligne, annulee_le=None, debut__gte=depuis))
        ici = [r for r in tenues if r.debut == depuis]
        if ici and (portee is Portee.CETTE or not ligne.jours):
            raise OccurrenceTenue(depuis, len(ici))
        if portee is not Portee.CETTE:
            bilan.conservees = _detacher(journal, ligne, tenues, ZoneInfo(lieu.fuseau))
        _retirer(journal, ligne, scission)
    return bilan


def verifier(saisie: Saisie, maintenant: datetime, fuseau: ZoneInfo) -> None:
    """Lève `SaisieRefusee`."""
    if a_corriger := refus(saisie, maintenant=maintenant, fuseau=fuseau):
        raise SaisieRefusee(a_corriger)


def inchangee(lieu: LieuExercice, disponibilite_id: int, vue_le: datetime | None) -> Disponibilite:
    """La disponibilité, telle qu’elle était quand la page a été lue. Lève `DisponibiliteChangee`."""
    ligne = Disponibilite.objects.filter(lieu=lieu, pk=disponibilite_id).first()
    if ligne is None or (vue_le is not None and ligne.modifie_le != vue_le):
        raise DisponibiliteChangee(ligne)
    return ligne


def _scinder(
    lieu: LieuExercice,
    disponibilite_id: int,
    jour: date,
    portee: Portee,
    maintenant: datetime,
    vue_le: datetime | None,
) -> tuple[Disponibilite, Scission]:
    ligne = inchangee(lieu, disponibilite_id, vue_le)
    regle = ligne.regle(lieu.fuseau)
    if portee is Portee.TOUTES:
        jour = premier_jour_a_venir(regle, maintenant) or jour
    try:
        scission = isoler(regle, jour) if portee is Portee.CETTE else couper(regle, jour)
    except ValueError:
        raise DisponibiliteChangee(ligne) from None
    if _debut(scission.changee) <= maintenant:
        raise SaisieRefusee([Refus("premier_jour", "Une occurrence commencée ou passée ne se change plus.")])
    return ligne, scission


def _depart(changee: Regle, saisie: Saisie, aujourd_hui: date) -> date:
    """Premier jour d’une série changée en entier : dès le lundi de sa prochaine semaine, pour qu’un jour avancé y soit."""
    if not changee.jours or not saisie.jours:
        return changee.premier_jour
    lundi = changee.premier_jour - timedelta(days=changee.premier_jour.weekday())
    return min(changee.premier_jour, max(lundi, aujourd_hui + timedelta(days=1)))


def _debut(regle: Regle | None) -> datetime:
    assert regle is not None  # une scission a toujours une part à changer
    occurrence = regle.occurrence(regle.premier_jour)
    if occurrence is None:  # heure sautée au printemps : le jour entier
        return datetime.combine(regle.premier_jour, regle.heure_debut, tzinfo=regle.fuseau)
    return occurrence.debut


def _gardes(scission: Scission) -> Iterable[date]:
    """Exceptions déjà posées : une série modifiée ne les rouvre pas."""
    return scission.changee.sauf if scission.changee else ()


def disponibilite_de(lieu: LieuExercice, regle: Regle, saisie: Saisie) -> Disponibilite:
    """Une ligne, pas encore écrite."""
    return Disponibilite(
        lieu=lieu,
        genre=Genre.PLAGE if saisie.est_plage else Genre.CRENEAU,
        capacite=saisie.capacite,
        modalites=list(saisie.modalites),
        **_champs(regle),
    )


def _champs(regle: Regle) -> dict[str, object]:
    return {
        "premier_jour": regle.premier_jour,
        "dernier_jour": regle.dernier_jour,
        "jours": sorted(regle.jours),
        "toutes_les_n_semaines": regle.toutes_les_n_semaines,
        "heure_debut": regle.heure_debut,
        "heure_fin": regle.heure_fin,
        "sauf": sorted(regle.sauf),
    }


def _deplacer_l_occurrence(
    journal: Journal,
    nouvelles: list[Disponibilite],
    tenues: list[Reservation],
    debut: datetime,
    *,
    deplacer: bool,
) -> None:
    """Une occurrence tenue en devient une autre, une seule, assez grande ; ses places la suivent."""
    if not deplacer:
        raise OccurrenceTenue(debut, len(tenues))
    if len(nouvelles) != 1 or nouvelles[0].capacite < max(r.rang for r in tenues):
        raise SaisieRefusee(
            [Refus("capacite", "La nouvelle occurrence doit garder une place à chaque patient déjà orienté.")]
        )
    nouvelle = journal.creer(nouvelles[0])
    occurrence = nouvelle.regle(nouvelle.lieu.fuseau).occurrence(nouvelle.premier_jour)
    if occurrence is None:
        raise SaisieRefusee([Refus("heure_debut", "Cette heure n’existe pas ce jour-là.")])
    journal.deplacer(tenues, nouvelle, debut=occurrence.debut, fin=occurrence.fin)


def _detacher(
    journal: Journal, ligne: Disponibilite, tenues: list[Reservation], fuseau: ZoneInfo
) -> list[datetime]:
    """Chaque occurrence tenue devient une disponibilité d’un jour, inchangée ; rend leurs débuts."""
    par_debut: dict[datetime, list[Reservation]] = {}
    for reservation in tenues:
        par_debut.setdefault(reservation.debut, []).append(reservation)
    for debut, reservations in sorted(par_debut.items()):
        seule = Disponibilite(
            lieu_id=ligne.lieu_id,
            genre=ligne.genre,
            capacite=ligne.capacite,
            modalites=ligne.modalites,
            premier_jour=debut.astimezone(fuseau).date(),
            heure_debut=ligne.heure_debut,
            heure_fin=ligne.heure_fin,
        )
        journal.creer(seule)
        for reservation in reservations:
            journal.deplacer([reservation], seule, debut=debut, fin=reservation.fin)
    return sorted(par_debut)


def _retirer(journal: Journal, ligne: Disponibilite, scission: Scission) -> None:
    """Laisse à `ligne` la part gardée ; sans elle, la supprime, ou l’éteint si des places s’y rattachent."""
    if scission.gardee is not None:
        journal.changer(ligne, **_champs(scission.gardee))
    elif Reservation.objects.filter(disponibilite=ligne).exists():
        journal.changer(ligne, jours=[], dernier_jour=None, sauf=[ligne.premier_jour])
    else:
        journal.supprimer(ligne)
