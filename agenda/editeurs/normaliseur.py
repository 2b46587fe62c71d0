"""De la réponse d’un éditeur aux créneaux, sans base, sans horloge, sans Django.

Chaque entrée Slot reçoit un verdict : gardée, ou rejetée avec le code du premier
motif rencontré, dans l’ordre de `RAISONS`. Un créneau rejeté n’en coûte
aucun autre.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

from agenda.editeurs import codes, fhir
from agenda.editeurs.liens import lien_admis
from agenda.editeurs.references import Annuaire, premiere
from agenda.editeurs.valeurs import borner, telephone_normalise
from agenda.editeurs.verdicts import CreneauLu, Demande, Lecture, LieuEditeur, Verdict

TAILLE_MAX = 10 * 1024 * 1024
_EPOQUE = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


class _Agenda(Struct, frozen=True, gc=False):
    """Ce que tous les créneaux d’un même Schedule partagent ; `raison` s’il les condamne."""

    raison: str = ""
    proprietaire: str = ""
    lieu: LieuEditeur | None = None


def normaliser(pages: Sequence[bytes], demande: Demande) -> Lecture:
    """Lit les pages d’une réponse comme un seul Bundle. Ne lève jamais : le défaut est dans `Lecture`."""
    if sum(map(len, pages)) > TAILLE_MAX:
        return Lecture(defaut="réponse trop volumineuse")
    try:
        enveloppes = [fhir.lire_enveloppe(page) for page in pages]
    except fhir.BundleInvalide as erreur:
        return Lecture(defaut=str(erreur))
    brutes = (brute for enveloppe in enveloppes for brute in enveloppe.entry or ())
    entrees = [entree for brute in brutes if (entree := fhir.lire_entree(brute)) is not None]
    normaliseur = _Normaliseur(demande, Annuaire(entrees))
    lecture = Lecture()
    for entree in entrees:
        if isinstance(entree.resource, fhir.Slot):
            lecture.verdicts.append(normaliseur.juger(entree.resource))
    lecture.avertissements = normaliseur.avertissements
    _avertir_de_l_enveloppe(lecture, enveloppes, demande)
    return lecture


class _Normaliseur:
    """Juge les créneaux d’un Bundle ; ce qui se répète d’un créneau à l’autre n’est calculé qu’une fois."""

    def __init__(self, demande: Demande, annuaire: Annuaire) -> None:
        self.demande = demande
        self.annuaire = annuaire
        self.avertissements: Counter[str] = Counter()
        self._ids: set[str] = set()
        self._vus: set[tuple[object, ...]] = set()
        self._agendas: dict[str, _Agenda] = {}
        self._liens: dict[str, bool] = {}

    def juger(self, slot: fhir.Slot) -> Verdict:
        identifiant = _identifiant_borne(slot.id or "")
        if slot.id:
            if slot.id in self._ids:
                return Verdict(identifiant, "duplicate_id")
            self._ids.add(slot.id)
        raison = self._raison_du_slot(slot)
        if raison:
            return Verdict(identifiant, raison)
        agenda = self._agenda(slot.schedule)
        if agenda.raison or agenda.lieu is None:
            return Verdict(identifiant, agenda.raison)
        visibilites, cpts, raison = self._visibilites(slot)
        if raison:
            return Verdict(identifiant, raison)
        creneau = self._creneau(slot, identifiant, agenda.proprietaire, agenda.lieu, visibilites, cpts)
        cle = (
            creneau.proprietaire,
            creneau.lieu.cle,
            creneau.debut,
            creneau.fin,
            creneau.visibilites,
            creneau.modalites,
            creneau.motifs,
            creneau.cpts,
        )
        if cle in self._vus:
            return Verdict(identifiant, "duplicate")
        self._vus.add(cle)
        return Verdict(identifiant, "", creneau)

    def _raison_du_slot(self, slot: fhir.Slot) -> str:
        if slot.status != "free":
            return "status_not_free"
        if slot.start is None or slot.end is None:
            return "bad_instant"
        if slot.end <= slot.start:
            return "bad_interval"
        if slot.start < self.demande.fenetre.debut:
            return "past"
        if slot.start >= self.demande.fenetre.fin:
            return "out_of_window"
        return ""

    # --- Schedule, propriétaire et lieu -------------------------------------

    def _agenda(self, schedule: fhir.Reference | None) -> _Agenda:
        cle = (schedule.reference if schedule else None) or ""
        agenda = self._agendas.get(cle)
        if agenda is None:
            trouve = self.annuaire.trouver(cle, fhir.Schedule)
            if trouve is None:
                agenda = _Agenda("dangling_schedule")
            elif self.demande.cas == "sos":
                agenda = self._agenda_sos(trouve)
            else:
                agenda = self._agenda_ps(trouve)
            self._agendas[cle] = agenda
        return agenda

    def _agenda_ps(self, schedule: fhir.Schedule) -> _Agenda:
        praticien = self.annuaire.premier(schedule.actor, fhir.Practitioner)
        if praticien is None:
            return _Agenda("no_practitioner")
        identifiants = _identifiants_nationaux(praticien)
        if not identifiants:
            return _Agenda("missing_idnps")
        proprietaire = premiere(i for i in identifiants if i in self.demande.identifiants)
        if not proprietaire:
            return _Agenda("not_requested")
        role = self.annuaire.premier(schedule.actor, fhir.PractitionerRole)
        contenu = _lieu_contenu(role) if role else None
        if role is None or contenu is None:
            return _Agenda("no_location")
        if role.practitioner and role.practitioner.reference:
            autre = self.annuaire.trouver(role.practitioner.reference, fhir.Practitioner)
            if autre is None or (
                autre is not praticien and proprietaire not in _identifiants_nationaux(autre)
            ):
                return _Agenda("role_mismatch")
        organisation = role.organization.identifier if role.organization else None
        return _agenda_situe(proprietaire, contenu, _idnst([organisation]), role.telecom)

    def _agenda_sos(self, schedule: fhir.Schedule) -> _Agenda:
        lieu = self.annuaire.premier(schedule.actor, fhir.Location)
        if lieu is None:
            return _Agenda("no_location")
        organisation = self.annuaire.trouver(
            (lieu.managing_organization and lieu.managing_organization.reference) or "", fhir.Organization
        )
        if organisation is None:
            return _Agenda("no_organization")
        sirets = [
            i.value
            for i in organisation.identifier or ()
            if i.value and i.system in (None, codes.OID_STRUCTURE) and codes.SIRET.fullmatch(i.value)
        ]
        if not sirets:
            return _Agenda("bad_siret")
        proprietaire = premiere(siret for siret in sirets if siret in self.demande.identifiants)
        if not proprietaire:
            return _Agenda("not_requested")
        officiels = [i for i in lieu.identifier or () if i.system == codes.OID_STRUCTURE]
        return _agenda_situe(proprietaire, lieu, _idnst(officiels), lieu.telecom)

    # --- Contenu du créneau --------------------------------------------------

    def _visibilites(self, slot: fhir.Slot) -> tuple[tuple[str, ...], tuple[str, ...], str]:
        """Visibilités reconnues, CPTS atteintes, et la raison du rejet s’il y en a une."""
        lues = {
            coding.code
            for coding in (slot.meta and slot.meta.security) or ()
            if coding.system in codes.SYSTEMES_VISIBILITE
        }
        visibilites = tuple(code for code in codes.VISIBILITES if code in lues)
        if "CPTS" not in visibilites:
            return visibilites, (), "" if visibilites else "no_visibility"
        cpts = self._cpts(slot)
        if cpts:
            return visibilites, cpts, ""
        if visibilites == ("CPTS",):
            return (), (), "cpts_unresolved"
        self.avertissements["cpts_sans_lien"] += 1
        return visibilites[:-1], (), ""

    def _cpts(self, slot: fhir.Slot) -> tuple[str, ...]:
        """FINESS des CPTS auxquelles le créneau est ouvert, liens morts écartés."""
        trouves: set[str] = set()
        for service in slot.service_type or ():
            if not any(
                c.code == codes.CATEGORIE_CPTS and c.system in codes.SYSTEMES_CATEGORIE
                for c in service.coding or ()
            ):
                continue
            for extension in service.extension or ():
                lien = extension.value_reference
                if extension.url != codes.EXTENSION_SERVICE or lien is None:
                    continue
                soins = self.annuaire.trouver(lien.reference or "", fhir.HealthcareService)
                porteur = (soins and soins.provided_by and soins.provided_by.reference) or ""
                organisation = self.annuaire.trouver(porteur, fhir.Organization)
                trouves.update(
                    i.value
                    for i in (organisation.identifier if organisation else None) or ()
                    if i.value and codes.FINESS.fullmatch(i.value)
                )
        return tuple(sorted(trouves))

    def _creneau(
        self,
        slot: fhir.Slot,
        identifiant: str,
        proprietaire: str,
        lieu: LieuEditeur,
        visibilites: tuple[str, ...],
        cpts: tuple[str, ...],
    ) -> CreneauLu:
        assert slot.start is not None  # vérifié par _raison_du_slot
        assert slot.end is not None
        consultations: set[str | None] = set()
        motifs: list[str] = []
        for service in slot.service_type or ():
            for coding in service.coding or ():
                if coding.system in codes.SYSTEMES_CONSULTATION:
                    consultations.add(coding.code)
            if service.text and (motif := borner(service.text, 200)):
                motifs.append(motif)
        sans_rendez_vous, lien = self._reservation(slot)
        debut = (slot.start - _EPOQUE) // _MINUTE
        fin = -((_EPOQUE - slot.end) // _MINUTE)
        modalites = tuple(m for code, m in codes.MODALITES.items() if code in consultations)
        if not identifiant:
            identifiant = _empreinte(f"{debut} {fin} {modalites} {visibilites} {motifs}")
        return CreneauLu(
            identifiant,
            proprietaire,
            lieu,
            debut,
            fin,
            modalites,
            visibilites,
            tuple(sorted(set(motifs))[:20]),
            _specialites(slot),
            cpts,
            sans_rendez_vous,
            lien,
        )

    def _reservation(self, slot: fhir.Slot) -> tuple[bool, str]:
        """(sans rendez-vous, lien de réservation ou vide). Type inconnu : avec, si un lien l’accompagne."""
        lien = (slot.comment or "").strip()
        if lien:
            admis = self._liens.get(lien)
            if admis is None:
                admis = lien_admis(lien, hotes=self.demande.hotes, http_local=self.demande.http_local)
                self._liens[lien] = admis
            if not admis:
                lien = ""
                self.avertissements["lien_refuse"] += 1
        lus = {
            coding.code
            for coding in (slot.appointment_type and slot.appointment_type.coding) or ()
            if coding.system in codes.SYSTEMES_RENDEZ_VOUS
        }
        if codes.AVEC_RENDEZ_VOUS in lus:
            if not lien:
                self.avertissements["rendez_vous_sans_lien"] += 1
            return False, lien
        if codes.SANS_RENDEZ_VOUS in lus:
            return True, ""
        return not lien, lien


def _agenda_situe(
    proprietaire: str,
    lieu: fhir.Contenu | fhir.Location,
    idnst: str,
    telecoms: list[fhir.ContactPoint] | None,
) -> _Agenda:
    adresse = lieu.address
    ligne = borner(" ".join((adresse and adresse.line) or ()), 200)
    ville = borner((adresse and adresse.city) or "", 80)
    code_postal = ((adresse and adresse.postal_code) or "").strip()
    if not ligne or not ville or not codes.CODE_POSTAL.fullmatch(code_postal):
        return _Agenda("bad_address")
    numeros = (t.value for t in telecoms or () if t.system == "phone" and t.value)
    return _Agenda(
        proprietaire=proprietaire,
        lieu=LieuEditeur(
            idnst=idnst,
            ligne=ligne,
            ville=ville,
            code_postal=code_postal,
            telephone=premiere(map(telephone_normalise, numeros)),
            id_interne=premiere(borner(i.value or "", 80) for i in lieu.identifier or ()),
            nom=borner(lieu.name or "", 200),
        ),
    )


def _lieu_contenu(role: fhir.PractitionerRole) -> fhir.Contenu | None:
    """Location contenue dans ce rôle et désignée par lui : les ids contenus se répètent d’un rôle à l’autre."""
    designes = {
        r.reference.lstrip("#") for r in role.location or () if r.reference and r.reference.startswith("#")
    }
    for contenu in role.contained or ():
        if contenu.resource_type == "Location" and contenu.id and contenu.id.lstrip("#") in designes:
            return contenu
    return None


def _identifiants_nationaux(praticien: fhir.Practitioner) -> list[str]:
    return [
        i.value
        for i in praticien.identifier or ()
        if i.value and i.system == codes.OID_PERSONNE and codes.PERSONNE.fullmatch(i.value)
    ]


def _idnst(identifiants: Iterable[fhir.Identifier | None]) -> str:
    """Identifiant de structure bien formé ; l’exemple officiel des CPTS l’envoie sans système."""
    return premiere(
        i.value
        for i in identifiants
        if i and i.value and i.system in (None, codes.OID_STRUCTURE) and codes.LIEU.fullmatch(i.value)
    )


def _specialites(slot: fhir.Slot) -> tuple[str, ...]:
    """Codes d’abord ; une spécialité donnée seulement en texte est gardée en texte."""
    lues: list[str] = []
    for specialite in slot.specialty or ():
        reconnus = [
            c.code for c in specialite.coding or () if c.code and codes.CODE_SPECIALITE.fullmatch(c.code)
        ]
        texte = borner(specialite.text or "", 100)
        lues += reconnus or ([texte] if texte else [])
    return tuple(dict.fromkeys(lues[:20]))


def _identifiant_borne(identifiant: str) -> str:
    """L’id du Slot, ou sa version bornée s’il dépasse les 64 signes de FHIR ; deux ids restent deux."""
    if len(identifiant) <= 64:
        return identifiant
    return f"{identifiant[:40]}~{_empreinte(identifiant)}"


def _empreinte(texte: str) -> str:
    return blake2b(texte.encode(), digest_size=8).hexdigest()


def _avertir_de_l_enveloppe(lecture: Lecture, enveloppes: list[fhir.Enveloppe], demande: Demande) -> None:
    if not enveloppes:
        return
    total = enveloppes[0].total_annonce()
    if total is not None and total != len(lecture.verdicts):
        lecture.avertissements["total_different"] += 1
    if demande.url and not _meme_recherche(enveloppes[0].lien("self"), demande.url):
        lecture.avertissements["lien_self_different"] += 1


def _meme_recherche(lien: str, url: str) -> bool:
    """Vrai si les paramètres sont les mêmes, décodés et sans ordre : l’hôte et l’encodage ne comptent pas."""
    try:
        return sorted(parse_qsl(urlsplit(lien).query)) == sorted(parse_qsl(urlsplit(url).query))
    except ValueError:
        return False
