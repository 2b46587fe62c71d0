// Résultats tenus à jour : le serveur dit quelles cartes ont changé et les écrit lui-même ; la page les remplace sur
// place, sans en changer l’ordre. Par un flux d’événements ; s’il manque ou est refusé, en demandant à intervalles.
const ATTENTE_COURTE_S = 1;
const ATTENTE_APRES_ECHEC_S = 30;

class Direct {
    constructor(bloc) {
        this.url = bloc.dataset.url;
        this.page = bloc.dataset.page;
        this.etat = bloc.querySelector("[data-sas-direct-etat]");
        this.voix = bloc.querySelector("[data-sas-direct-voix]");
        this.heure = bloc.querySelector("[data-sas-direct-heure]").textContent;
        this.annonce = bloc.querySelector("[data-sas-direct-annonce]");
        this.ordre = bloc.querySelector("[data-sas-direct-ordre]");
        this.fluxPossible = "EventSource" in window;
        this.fini = false;
        // Un onglet au second plan ne demande rien ; il se remet à jour dès qu’on y revient.
        document.addEventListener("visibilitychange", () => (document.hidden ? this.arreter() : this.reprendre()));
        window.addEventListener("pagehide", () => this.arreter());
        window.addEventListener("pageshow", () => this.reprendre());
        this.reprendre();
    }

    get cartes() {
        return [...document.querySelectorAll("article[data-version]")];
    }

    adresse(suite) {
        const vu = this.cartes.map((carte) => `${carte.id.replace("offre-", "")}.${carte.dataset.version}`).join("~");
        return `${this.url}${suite}?${new URLSearchParams({ vu, page: this.page })}`;
    }

    reprendre() {
        if (this.fini || document.hidden || this.enMarche || !this.cartes.length) {
            return;
        }
        this.enMarche = true;
        if (this.fluxPossible) {
            this.ouvrir();
        } else {
            this.demander();
        }
    }

    arreter() {
        this.enMarche = false;
        clearTimeout(this.minuterie);
        this.flux?.close();
        this.flux = null;
        this.demande?.abort();
    }

    plusTard(secondes) {
        this.arreter();
        this.minuterie = setTimeout(() => this.reprendre(), secondes * 1000);
    }

    ouvrir() {
        const flux = new EventSource(this.adresse(""));
        let entendu = false;
        const ecouter = (nom, suite) => {
            flux.addEventListener(nom, (evenement) => {
                entendu = true;
                suite(JSON.parse(evenement.data));
            });
        };
        ecouter("cartes", (donnees) => {
            this.remplacer(donnees.cartes);
            this.dire({ ...this.connu, a: donnees.a });
        });
        ecouter("etat", (donnees) => this.dire(donnees));
        ecouter("fin", (donnees) => {
            this.dire(donnees);
            this.plusTard(donnees.pause_s);
        });
        flux.addEventListener("error", () => {
            // Sans rien avoir entendu, c’est un refus : cette page se contente désormais de demander.
            this.fluxPossible = entendu;
            this.flux = null;
            this.dire({ ...this.connu });
            flux.close();
            this.plusTard(entendu ? ATTENTE_COURTE_S : 0);
        });
        this.flux = flux;
    }

    async demander() {
        this.demande = new AbortController();
        const { signal } = this.demande;
        try {
            const options = { headers: { Accept: "application/json" }, redirect: "error", signal };
            const reponse = await fetch(this.adresse("maintenant/"), options);
            if (reponse.status === 204 || reponse.status === 404) {
                this.fini = true; // recherche oubliée, session finie : rien à suivre
                this.ecrire(`de ${this.heure} : cette page n’est plus tenue à jour. Relancez la recherche.`, "perdue");
                return;
            }
            const donnees = await reponse.json();
            this.remplacer(donnees.cartes);
            this.dire(donnees);
            this.plusTard(donnees.en_cours ? ATTENTE_COURTE_S : 2 * donnees.pause_s);
        } catch {
            if (!signal.aborted) {
                this.ecrire(`de ${this.heure} : le serveur ne répond plus, nouvel essai dans ${ATTENTE_APRES_ECHEC_S} s.`, "perdue");
                this.plusTard(ATTENTE_APRES_ECHEC_S);
            }
        }
    }

    // Ce que l’on lit est toujours vrai : l’heure est celle où le serveur a comparé la page à sa base.
    dire(donnees) {
        const { a, en_cours: enCours = false, sans_reponse: muets = [], ordre_change: ordreChange } = donnees;
        this.connu = donnees;
        this.heure = a ?? this.heure;
        const suite = this.flux ? ", suivis en direct" : "";
        if (muets.length) {
            const noms = muets.join(", ");
            this.ecrire(`à jour à ${this.heure}, sauf ceux de ${noms}, qui ne répond pas : leur âge est dit.`, `muets ${noms}`);
        } else if (enCours) {
            this.ecrire(`de ${this.heure}, actualisation en cours chez les éditeurs…`, "actualise");
        } else {
            this.ecrire(`à jour à ${this.heure}${suite}`, "à jour");
        }
        if (ordreChange !== undefined) {
            this.ordre.hidden = !ordreChange;
        }
    }

    // À l’oreille, seulement un état nouveau : l’heure qui avance ne se dit pas.
    ecrire(texte, etat) {
        this.etat.textContent = texte;
        const dejaDit = this.dernier === undefined ? "à jour" : this.dernier;
        if (etat !== dejaDit) {
            this.voix.textContent = `Créneaux ${texte}`;
        }
        this.dernier = etat;
    }

    remplacer(cartes) {
        const phrases = cartes.map((carte) => remplacerCarte(carte)).filter(Boolean);
        if (phrases.length > 3) {
            this.annonce.textContent = `Les créneaux de ${phrases.length} offres ont changé.`;
        } else if (phrases.length) {
            this.annonce.textContent = phrases.join(" ");
        }
    }
}

// Remplace ce qui bouge d’une carte ; rend la phrase à annoncer, vide si seul l’âge a changé.
function remplacerCarte({ ancre, version, agenda, raison }) {
    const carte = document.getElementById(ancre);
    if (!carte) {
        return "";
    }
    const zone = carte.querySelector(".sas-carte__agenda");
    const avant = new Set(creneaux(zone).map(signature));
    const rendreLeClavier = retenirLeClavier(zone, carte);
    const deplies = [...zone.querySelectorAll(".sas-jour")].map((jour) => jour.querySelector("details")?.open);
    zone.innerHTML = agenda;
    zone.querySelectorAll(".sas-jour").forEach((jour, rang) => {
        const details = jour.querySelector("details");
        if (details && deplies[rang]) {
            details.open = true;
        }
    });
    carte.querySelector(".sas-carte__raison")?.remove();
    carte.querySelector(".sas-carte__identite").insertAdjacentHTML("beforeend", raison);
    carte.dataset.version = version;
    rendreLeClavier();
    const apres = creneaux(zone);
    const nouveaux = apres.filter((creneau) => !avant.has(signature(creneau)));
    const restent = new Set(apres.map(signature));
    const partis = [...avant].filter((cle) => !restent.has(cle)).length;
    for (const creneau of nouveaux) {
        creneau.classList.add("sas-creneau--nouveau");
    }
    return phrase(carte.querySelector(".sas-carte__titre").textContent, nouveaux.length, partis);
}

function creneaux(zone) {
    return [...zone.querySelectorAll(".sas-creneau")];
}

// Ce qui fait qu’un créneau est le même : où il mène, son heure, ses places ; ni sa source ni son âge.
function signature(creneau) {
    const textes = [...creneau.querySelectorAll(".sas-creneau__heure, .sas-creneau__places")];
    return [cle(creneau), ...textes.map((texte) => texte.textContent)].join("|");
}

function cle(element) {
    return element.getAttribute("href") ?? element.getAttribute("formaction") ?? "";
}

// Le clavier reste où il était ; si l’élément a disparu, il va au titre de la carte, non au début de la page.
function retenirLeClavier(zone, carte) {
    const actif = document.activeElement;
    if (!zone.contains(actif)) {
        return () => {};
    }
    const rang = [...zone.querySelectorAll(".sas-jour")].indexOf(actif.closest(".sas-jour"));
    const estResume = actif.matches("summary");
    const voulu = cle(actif);
    return () => {
        const meme = estResume
            ? zone.querySelectorAll(".sas-jour")[rang]?.querySelector("summary")
            : [...zone.querySelectorAll("a, button")].find((element) => cle(element) === voulu);
        const titre = carte.querySelector(".sas-carte__titre");
        if (!meme) {
            titre.tabIndex = -1;
        }
        (meme ?? titre).focus({ preventScroll: true });
    };
}

function phrase(titre, plus, moins) {
    const morceaux = [];
    if (plus) {
        morceaux.push(plus > 1 ? `${plus} créneaux de plus` : "un créneau de plus");
    }
    if (moins) {
        morceaux.push(moins > 1 ? `${moins} créneaux de moins` : "un créneau de moins");
    }
    return morceaux.length ? `${titre} : ${morceaux.join(", ")}.` : "";
}

const bloc = document.querySelector("[data-sas-direct]");
if (bloc) {
    new Direct(bloc);
}
