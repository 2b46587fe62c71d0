// La carte double la liste : mêmes offres, même ordre, et chaque épingle ramène à sa carte dans la liste.
// Leaflet n’est chargé que si on la demande ; le fond de plan, servi par un tiers, que si on le demande aussi.
const OUVERTE = "sas-carte-ouverte";
const ECART_PX = 42; // en deçà, deux épingles se recouvrent : elles n’en font qu’une
const NOMBRE_MAX = 10;
const KM = 1000;

function charger(bloc) {
    for (const adresse of [bloc.dataset.leafletCss, bloc.dataset.css]) {
        const lien = document.createElement("link");
        lien.rel = "stylesheet";
        lien.href = adresse;
        document.head.append(lien);
    }
    return new Promise((suite, echec) => {
        const script = document.createElement("script");
        script.src = bloc.dataset.leafletJs;
        script.addEventListener("load", suite);
        script.addEventListener("error", () => echec(new Error("leaflet")));
        document.head.append(script);
    });
}

async function demander(url) {
    const reponse = await fetch(url, { redirect: "error" });
    return reponse.json();
}

// Tout texte vient du serveur et passe par `textContent` : rien n’est jamais lu comme du HTML.
function element(nom, classe, texte) {
    const cree = document.createElement(nom);
    cree.className = classe;
    if (texte) {
        cree.textContent = texte;
    }
    return cree;
}

class CarteGeo {
    constructor(bloc) {
        this.bloc = bloc;
        this.bouton = bloc.querySelector("[data-sas-carte-bouton]");
        this.panneau = bloc.querySelector("[data-sas-carte-panneau]");
        this.plan = bloc.querySelector("[data-sas-carte-plan]");
        this.annonce = bloc.querySelector("[data-sas-carte-annonce]");
        this.relance = bloc.querySelector("[data-sas-carte-relance]");
        this.fond = bloc.querySelector("[data-sas-carte-fond]");
        this.bouton.addEventListener("click", () => (this.panneau.hidden ? this.ouvrir() : this.fermer()));
        this.relance.addEventListener("submit", () => this.remplirLaRelance());
        this.fond.addEventListener("click", () => this.montrerLeFond());
        this.panneau.addEventListener("keydown", (evenement) => {
            if (evenement.key === "Escape") {
                this.quitterLaBulle();
            }
        });
        if (sessionStorage.getItem(OUVERTE)) {
            this.ouvrir();
        }
    }

    async ouvrir() {
        this.panneau.hidden = false;
        this.basculer(true);
        if (this.carte) {
            this.carte.invalidateSize();
            return;
        }
        this.annonce.textContent = "Chargement de la carte…";
        try {
            this.pret ??= Promise.all([demander(this.bloc.dataset.url), charger(this.bloc)]);
            [this.donnees] = await this.pret;
            if (!this.carte) {
                this.monter();
            }
        } catch {
            this.pret = null;
            this.annonce.textContent = "La carte est indisponible ; la liste ci-dessous contient les mêmes offres.";
        }
    }

    fermer() {
        this.panneau.hidden = true;
        this.annonce.textContent = "";
        this.basculer(false);
    }

    basculer(ouverte) {
        this.bouton.setAttribute("aria-expanded", String(ouverte));
        this.bouton.textContent = ouverte ? "Fermer la carte" : "Voir la carte";
        if (ouverte) {
            sessionStorage.setItem(OUVERTE, "oui"); // rien d’une recherche : seulement que la carte était ouverte
        } else {
            sessionStorage.removeItem(OUVERTE);
        }
    }

    monter() {
        const { L } = window;
        const { centre, rayon_km: rayon, points, total } = this.donnees;
        const sobre = { zoomControl: false, attributionControl: false, zoomAnimation: false, fadeAnimation: false };
        this.carte = L.map(this.plan, { ...sobre, zoomSnap: 0.25 });
        L.control.zoom({ zoomInTitle: "Zoomer", zoomOutTitle: "Dézoomer" }).addTo(this.carte);
        const cercle = L.circle(centre, { radius: rayon * KM, className: "sas-carte-geo__cercle", interactive: false });
        this.carte.fitBounds(L.latLng(centre).toBounds(2 * rayon * KM), { padding: [30, 30], animate: false });
        cercle.addTo(this.carte);
        this.poserLeDepart(centre);
        this.epingles = L.layerGroup().addTo(this.carte);
        this.poser();
        this.carte.on("zoomend", () => this.poser());
        this.carte.on("moveend", () => {
            this.relance.hidden = false;
        });
        this.carte.on("popupopen", ({ popup }) => this.entrerDansLaBulle(popup));
        this.fond.hidden = !this.donnees.tuiles;
        this.ajouterLesRetours();
        const montrees = points.length < total ? `les ${points.length} premières offres sur ${total}` : `${total} offres`;
        this.annonce.textContent = `Carte affichée : ${total > 1 ? montrees : `${total} offre`}.`;
    }

    poserLeDepart(centre) {
        const nom = `Point de départ : ${this.donnees.centre_libelle}`;
        const icone = window.L.divIcon({ className: "sas-carte-geo__depart", iconSize: [20, 20] });
        const marque = window.L.marker(centre, { icon: icone, keyboard: false, interactive: false, title: nom });
        marque.addTo(this.carte);
        marque.getElement().setAttribute("role", "img");
        marque.getElement().setAttribute("aria-label", nom);
    }

    // Regroupe ce qui se recouvre à ce zoom ; des coordonnées identiques restent ensemble à tous.
    poser() {
        const { L } = window;
        this.epingles.clearLayers();
        const groupes = [];
        for (const point of this.donnees.points) {
            const place = this.carte.latLngToLayerPoint([point.lat, point.lon]);
            const voisin = groupes.find((groupe) => groupe.place.distanceTo(place) < ECART_PX);
            if (voisin) {
                voisin.points.push(point);
            } else {
                groupes.push({ place, points: [point] });
            }
        }
        for (const { points } of groupes) {
            const [premier] = points;
            const marque = L.marker([premier.lat, premier.lon], { icon: this.icone(points) });
            marque.bindPopup(() => this.bulle(points), { closeButton: false, autoPanPadding: [10, 10] });
            marque.addTo(this.epingles);
            marque.getElement().setAttribute("aria-label", this.nom(points));
            for (const point of points) {
                point.marque = marque;
            }
        }
    }

    icone(points) {
        const seul = points.length === 1;
        // La première de la liste dit ce qu’un groupe offre de mieux.
        const { etat } = points.reduce((une, autre) => (autre.rang < une.rang ? autre : une));
        const contenu = element("span", "", seul ? String(points[0].rang) : `×${points.length}`);
        const className = `sas-epingle sas-epingle--${etat}${seul ? "" : " sas-epingle--groupe"}`;
        return window.L.divIcon({ className, html: contenu, iconSize: seul ? [30, 30] : [40, 30] });
    }

    nom(points) {
        const [premier] = points;
        if (points.length === 1) {
            return `${premier.rang}. ${premier.titre}, ${this.donnees.etats[premier.etat]}`;
        }
        return `${points.length} offres, dont ${premier.titre}`;
    }

    bulle(points) {
        const liste = element("ul", "sas-bulle");
        for (const point of points.slice(0, NOMBRE_MAX)) {
            const ligne = element("li", "");
            ligne.append(element("strong", "sas-bulle__titre", `${point.rang}. ${point.titre}`));
            for (const texte of [point.sous_titre, point.adresse, this.donnees.etats[point.etat]]) {
                if (texte) {
                    ligne.append(element("span", "sas-bulle__texte", texte));
                }
            }
            if (point.telephone) {
                const appel = element("a", "fr-link fr-text--sm", point.telephone);
                appel.href = `tel:${point.telephone_lien}`;
                ligne.append(appel);
            }
            const voir = element("button", "fr-btn fr-btn--sm fr-btn--secondary", "Voir dans la liste");
            voir.type = "button";
            voir.append(element("span", "fr-sr-only", ` : ${point.titre}`));
            voir.addEventListener("click", () => this.allerALaListe(point));
            ligne.append(voir);
            liste.append(ligne);
        }
        if (points.length > NOMBRE_MAX) {
            liste.append(element("li", "", `et ${points.length - NOMBRE_MAX} autres : zoomez, ou parcourez la liste.`));
        }
        return liste;
    }

    entrerDansLaBulle(popup) {
        const cadre = popup.getElement();
        cadre.setAttribute("role", "dialog");
        cadre.setAttribute("aria-label", "Offres à cet endroit");
        cadre.querySelector("button")?.focus({ preventScroll: true });
    }

    quitterLaBulle() {
        const marque = this.epingles?.getLayers().find((candidate) => candidate.isPopupOpen());
        if (marque) {
            this.carte.closePopup();
            marque.getElement()?.focus({ preventScroll: true });
        }
    }

    allerALaListe(point) {
        const carte = document.getElementById(point.ancre);
        if (!carte) {
            location.assign(`?page=${point.page}#${point.ancre}`);
            return;
        }
        carte.tabIndex = -1;
        carte.scrollIntoView({ block: "start" });
        carte.focus({ preventScroll: true });
    }

    // De la carte à la liste on revient par le même chemin.
    ajouterLesRetours() {
        for (const point of this.donnees.points) {
            const adresse = document.getElementById(point.ancre)?.querySelector(".sas-carte__adresse");
            if (!adresse) {
                continue;
            }
            const bouton = element("button", "sas-lien", "Sur la carte");
            bouton.type = "button";
            bouton.append(element("span", "fr-sr-only", ` : ${point.titre}`));
            bouton.addEventListener("click", () => this.montrer(point));
            adresse.append(" ", bouton);
        }
    }

    async montrer(point) {
        if (this.panneau.hidden) {
            await this.ouvrir();
        }
        this.panneau.scrollIntoView({ block: "start" });
        this.carte.setView([point.lat, point.lon], undefined, { animate: false });
        point.marque.openPopup();
    }

    // Le plus grand cercle qui tient dans la fenêtre, à 90 % (S-93).
    remplirLaRelance() {
        const centre = this.carte.getCenter();
        const bornes = this.carte.getBounds();
        const demiHauteur = centre.distanceTo([bornes.getNorth(), centre.lng]);
        const demiLargeur = centre.distanceTo([centre.lat, bornes.getEast()]);
        this.relance.elements.lat.value = centre.lat.toFixed(5);
        this.relance.elements.lon.value = centre.lng.toFixed(5);
        this.relance.elements.rayon_km.value = ((0.9 * Math.min(demiHauteur, demiLargeur)) / KM).toFixed(2);
    }

    montrerLeFond() {
        const { tuiles, mention } = this.donnees;
        const couche = window.L.tileLayer(tuiles, { maxZoom: 19, crossOrigin: true });
        couche.once("tileerror", () => {
            couche.remove();
            this.annonce.textContent = "Le fond de plan n’est pas joignable ; la carte garde son fond uni.";
            this.fond.hidden = false;
        });
        couche.addTo(this.carte);
        this.bloc.querySelector("[data-sas-carte-mention]").textContent = mention;
        this.fond.hidden = true;
    }
}

const bloc = document.querySelector("[data-sas-carte-geo]");
if (bloc) {
    bloc.hidden = false;
    new CarteGeo(bloc);
}
