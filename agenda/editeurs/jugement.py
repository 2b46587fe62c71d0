"""Le sort de chaque créneau d’une réponse : gardé, ou rejeté avec le code du premier motif rencontré.

Les motifs sont examinés dans l’ordre de `RAISONS`. Un créneau rejeté n’en coûte aucun autre.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import TypeVar

from msgspec import UNSET, Raw, Struct, UnsetType

from agenda.editeurs import codes, fhir
from agenda.editeurs.liens import lien_admis
from agenda.editeurs.references import Annuaire, premiere
from agenda.editeurs.valeurs import borner
from agenda.editeurs.verdicts import CreneauLu, Demande, LieuEditeur, Verdict
from annuaire.domaine.telephones import normaliser_telephone
from annuaire.domaine.territoire import est_en_france

T = TypeVar("T")


class _Agenda(Struct, frozen=True, gc=False):
    """Ce que tous les créneaux d’un même Schedule partagent ; `raison` s’il les condamne."""

    raison: str = ""
    proprietaire: str = ""
    lieu: LieuEditeur | None = None
    cle: str = ""


class _Nature(Struct, frozen=True, gc=False):
    """Ce qui se répète d’un créneau à l’autre : tout, hors son id, son état, ses instants et son lien.

    `raison` si cela le condamne ; `cpts_sans_lien` : à signaler.
    """

    agenda: _Agenda
    raison: str = ""
    modalites: tuple[str, ...] = ()
    motifs: tuple[str, ...] = ()
    cpts: tuple[str, ...] = ()
    visibilites: tuple[str, ...] = ()
    specialites: tuple[str, ...] = ()
    rendez_vous: frozenset[str] = frozenset()
    cpts_sans_lien: bool = False


class Juge:
    """Juge les créneaux d’un Bundle, dans l’ordre où ils y sont."""

    def __init__(self, demande: Demande, annuaire: Annuaire) -> None:
        self.demande = demande
        self.annuaire = annuaire
        self.avertissements: Counter[str] = Counter()
        self.noms_cpts: dict[str, str] = {}
        self._premier = demande.fenetre.debut.timestamp()
        self._dernier = demande.fenetre.fin.timestamp()
        self._ids: set[str] = set()
        self._vus: set[tuple[object, ...]] = set()
        self._natures: dict[tuple[bytes, ...], _Nature] = {}
        self._precedents: tuple[Raw, ...] = ()
        self._precedente = _Nature(_Agenda())
        self._liens: dict[str, bool] = {}

    def proprietaire(self, brut: bytes) -> str:
        """Identifiant demandé auquel appartient cet agenda, bon ou non ; vide s’il n’est à aucun."""
        schedule = self._schedule(brut)
        praticien = self.annuaire.premier(schedule.actor, fhir.Practitioner) if schedule else None
        identifiants = _identifiants_nationaux(praticien) if praticien else ()
        return premiere(i for i in identifiants if i in self.demande.identifiants)

    def juger(self, slot: fhir.Slot) -> Verdict:
        identifiant = slot.id or ""
        if len(identifiant) > 64 or not identifiant.isprintable():
            identifiant = _identifiant_borne(identifiant)
        if slot.id:
            if slot.id in self._ids:
                return Verdict(identifiant, "duplicate_id")
            self._ids.add(slot.id)
        raison, debut_s, fin_s = self._bornes(slot)
        if raison:
            return Verdict(identifiant, raison)
        nature = self._nature_de(slot)
        if nature.cpts_sans_lien:
            self.avertissements["cpts_sans_lien"] += 1
        agenda = nature.agenda
        if nature.raison or agenda.lieu is None:
            return Verdict(identifiant, nature.raison)
        debut, fin = int(debut_s // 60), int(-(-fin_s // 60))
        cle = (agenda.cle, debut, fin, nature.visibilites, nature.modalites, nature.motifs, nature.cpts)
        if cle in self._vus:
            return Verdict(identifiant, "duplicate")
        self._vus.add(cle)
        sans_rendez_vous, lien = self._reservation(slot, nature)
        creneau = CreneauLu(
            identifiant or _empreinte(str(cle)),
            agenda.proprietaire,
            agenda.lieu,
            debut,
            fin,
            nature.modalites,
            nature.visibilites,
            nature.motifs,
            nature.specialites,
            nature.cpts,
            sans_rendez_vous,
            lien,
        )
        return Verdict(identifiant, "", creneau)

    def _bornes(self, slot: fhir.Slot) -> tuple[str, float, float]:
        """Raison du rejet s’il y en a une, début et fin en secondes depuis l’époque."""
        if slot.status != "free":
            return "status_not_free", 0, 0
        if slot.start is None or slot.end is None:
            return "bad_instant", 0, 0
        debut, fin = slot.start.timestamp(), slot.end.timestamp()
        if fin <= debut:
            return "bad_interval", debut, fin
        if debut < self._premier:
            return "past", debut, fin
        if debut >= self._dernier:
            return "out_of_window", debut, fin
        return "", debut, fin

    # --- Schedule, propriétaire et lieu -------------------------------------

    def _schedule(self, brut: bytes) -> fhir.Schedule | None:
        reference = fhir.lire_champ(brut, fhir.Reference)
        return self.annuaire.trouver((reference and reference.reference) or "", fhir.Schedule)

    def _agenda(self, brut: bytes) -> _Agenda:
        trouve = self._schedule(brut)
        if trouve is None:
            return _Agenda("dangling_schedule")
        return self._agenda_sos(trouve) if self.demande.cas == "sos" else self._agenda_ps(trouve)

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

    def _nature_de(self, slot: fhir.Slot) -> _Nature:
        """Presque toujours celle du créneau précédent, au même agenda."""
        champs = (slot.schedule, slot.meta, slot.service_type, slot.specialty, slot.appointment_type)
        if champs != self._precedents:
            cle = tuple(map(bytes, champs))
            if cle not in self._natures:
                self._natures[cle] = self._nature(*cle)
            self._precedents, self._precedente = champs, self._natures[cle]
        return self._precedente

    def _nature(
        self, schedule: bytes, meta: bytes, service_type: bytes, specialty: bytes, appointment_type: bytes
    ) -> _Nature:
        agenda = self._agenda(schedule)
        if agenda.raison:
            return _Nature(agenda, agenda.raison)
        modalites, motifs, cpts = self._services(service_type)
        visibilites = _visibilites(meta)
        cpts_sans_lien = "CPTS" in visibilites and not cpts
        if cpts_sans_lien and visibilites == ("CPTS",):
            return _Nature(agenda, "cpts_unresolved")
        if not visibilites:
            return _Nature(agenda, "no_visibility")
        return _Nature(
            agenda,
            modalites=modalites,
            motifs=motifs,
            cpts=cpts if "CPTS" in visibilites else (),
            visibilites=visibilites[:-1] if cpts_sans_lien else visibilites,
            specialites=_specialites(specialty),
            rendez_vous=_types_de_rendez_vous(appointment_type),
            cpts_sans_lien=cpts_sans_lien,
        )

    def _services(self, brut: bytes) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """Modalités, motifs et CPTS que disent les serviceType d’un créneau."""
        consultations: set[str | None] = set()
        motifs: set[str] = set()
        cpts: set[str] = set()
        for service in fhir.lire_champ(brut, list[fhir.ServiceType]) or ():
            for coding in service.coding or ():
                if coding.system in codes.SYSTEMES_CONSULTATION:
                    consultations.add(coding.code)
                elif coding.code == codes.CATEGORIE_CPTS and coding.system in codes.SYSTEMES_CATEGORIE:
                    cpts.update(self._finess_des_cpts(service))
            if service.text and (motif := borner(service.text, 200)):
                motifs.add(motif)
        return (
            tuple(modalite for code, modalite in codes.MODALITES.items() if code in consultations),
            tuple(sorted(motifs)[:20]),
            tuple(sorted(cpts)),
        )

    def _finess_des_cpts(self, service: fhir.ServiceType) -> Iterator[str]:
        """FINESS des CPTS que ce serviceType désigne, liens morts écartés."""
        for extension in service.extension or ():
            lien = extension.value_reference
            if extension.url != codes.EXTENSION_SERVICE or lien is None:
                continue
            soins = self.annuaire.trouver(lien.reference or "", fhir.HealthcareService)
            porteur = (soins and soins.provided_by and soins.provided_by.reference) or ""
            organisation = self.annuaire.trouver(porteur, fhir.Organization)
            if organisation is None:
                continue
            for identifiant in organisation.identifier or ():
                if identifiant.value and codes.FINESS.fullmatch(identifiant.value):
                    if nom := borner(organisation.name or "", 200):
                        self.noms_cpts[identifiant.value] = nom
                    yield identifiant.value

    def _reservation(self, slot: fhir.Slot, nature: _Nature) -> tuple[bool, str]:
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
        if codes.AVEC_RENDEZ_VOUS in nature.rendez_vous:
            if not lien:
                self.avertissements["rendez_vous_sans_lien"] += 1
            return False, lien
        if codes.SANS_RENDEZ_VOUS in nature.rendez_vous:
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
    cle = "|".join((proprietaire, idnst, ligne, ville, code_postal))
    numeros = (t.value for t in telecoms or () if t.system == "phone" and t.value)
    return _Agenda(
        cle=cle,
        proprietaire=proprietaire,
        lieu=LieuEditeur(
            idnst=idnst,
            ligne=ligne,
            ville=ville,
            code_postal=code_postal,
            telephone=premiere(map(normaliser_telephone, numeros)),
            id_interne=premiere(borner(i.value or "", 80) for i in lieu.identifier or ()),
            nom=borner(lieu.name or "", 200),
            position=_position(lieu.position),
        ),
    )


def _position(position: fhir.Position | None) -> tuple[float, float] | UnsetType:
    """Latitude et longitude en France ; (0, 0) et les bornes inversées n’y sont pas."""
    if position is None or position.latitude is None or position.longitude is None:
        return UNSET
    if not est_en_france(position.latitude, position.longitude):
        return UNSET
    return position.latitude, position.longitude


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


def _visibilites(brut: bytes) -> tuple[str, ...]:
    """Visibilités reconnues, de la plus large à la plus étroite."""
    meta = fhir.lire_champ(brut, fhir.Metadonnees)
    securites = (meta and meta.security) or ()
    lues = {coding.code for coding in securites if coding.system in codes.SYSTEMES_VISIBILITE}
    return tuple(code for code in codes.VISIBILITES if code in lues)


def _types_de_rendez_vous(brut: bytes) -> frozenset[str]:
    lu = fhir.lire_champ(brut, fhir.CodeableConcept)
    return frozenset(
        coding.code
        for coding in (lu and lu.coding) or ()
        if coding.code and coding.system in codes.SYSTEMES_RENDEZ_VOUS
    )


def _specialites(brut: bytes) -> tuple[str, ...]:
    """Codes d’abord ; une spécialité donnée seulement en texte est gardée en texte."""
    lues: list[str] = []
    for specialite in fhir.lire_champ(brut, list[fhir.CodeableConcept]) or ():
        codes_lus = [coding.code for coding in specialite.coding or () if coding.code]
        reconnus = [code for code in codes_lus if codes.CODE_SPECIALITE.fullmatch(code)]
        texte = borner(specialite.text or "", 100)
        lues += reconnus or ([texte] if texte else [])
    return tuple(dict.fromkeys(lues[:20]))


def _identifiant_borne(identifiant: str) -> str:
    """Version bornée et lisible d’un id contraire à FHIR ; deux ids restent deux."""
    return f"{borner(identifiant, 40)}~{_empreinte(identifiant)}"


def _empreinte(texte: str) -> str:
    return blake2b(texte.encode(), digest_size=8).hexdigest()
