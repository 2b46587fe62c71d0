// Le calendrier double la liste : un glisser remplit un formulaire et l’envoie aux mêmes actions du serveur.
// Les heures sont celles de l’horloge du lieu, sans décalage : FullCalendar les lit en « UTC » et les montre telles
// quelles, si bien que le fuseau du navigateur n’y change rien.

const TEXTES = {
    locale: "fr",
    firstDay: 1,
    allDayText: "Journée",
    noEventsText: "Aucune disponibilité",
    moreLinkText: (nombre) => `+ ${nombre}`,
};

const jour = (date) => date.toISOString().slice(0, 10);
const heure = (date) => date.toISOString().slice(11, 16);

// Le jour fini à minuit n’a pas d’heure de fin ce jour-là : l’agenda va jusqu’à 23 h 59.
const fin = (debut, date) => (jour(date) === jour(debut) ? heure(date) : "23:59");

function demanderLaPortee() {
    const dialogue = document.getElementById("portee");
    return new Promise((choisir) => {
        let choix = "";
        dialogue.onclick = (evenement) => {
            const bouton = evenement.target.closest("button");
            if (bouton) {
                choix = bouton.value;
                dialogue.close();
            }
        };
        dialogue.onclose = () => choisir(choix);
        dialogue.showModal();
    });
}

async function deplacer(info) {
    const { start, end, extendedProps } = info.event;
    const portee = extendedProps.est_repetee ? await demanderLaPortee() : "cette";
    if (!portee) {
        info.revert();
        return;
    }
    const formulaire = document.getElementById("deplacement");
    formulaire.action = extendedProps.deplacer;
    formulaire.premier_jour.value = jour(start);
    formulaire.heure_debut.value = heure(start);
    formulaire.heure_fin.value = fin(start, end);
    formulaire.vue_le.value = extendedProps.vue_le;
    formulaire.portee.value = portee;
    formulaire.submit();
}

function monter(racine) {
    const donnees = JSON.parse(document.getElementById(racine.dataset.sasCalendrier).textContent);
    racine.hidden = false;
    const calendrier = new window.FullCalendar.Calendar(racine, {
        ...TEXTES,
        timeZone: "UTC",
        now: donnees.maintenant,
        nowIndicator: true,
        initialView: donnees.nombre === 1 ? "timeGridDay" : "timeGridWeek",
        initialDate: donnees.premier,
        headerToolbar: false,
        allDaySlot: false,
        // Un cadre qui défile doit se parcourir au clavier : sans lien où s’arrêter, c’est la page qui défile.
        height: donnees.evenements.some((evenement) => evenement.url) ? 560 : "auto",
        slotDuration: "00:30:00",
        snapDuration: "00:05:00",
        scrollTime: `${String(Math.min(donnees.defile, 8)).padStart(2, "0")}:00:00`,
        slotLabelFormat: { hour: "2-digit", minute: "2-digit", hour12: false },
        eventTimeFormat: { hour: "2-digit", minute: "2-digit", hour12: false },
        dayHeaderFormat: { weekday: "short", day: "numeric", month: "numeric" },
        events: donnees.evenements,
        editable: donnees.modifiable,
        eventResizableFromStart: true,
        selectable: donnees.modifiable,
        selectMirror: true,
        // Une disponibilité tient dans un jour, et ne va pas dans le passé.
        selectAllow: ({ start, end }) =>
            start >= new Date(`${donnees.maintenant}Z`) && (jour(start) === jour(end) || heure(end) === "00:00"),
        eventAllow: ({ start, end }) =>
            start >= new Date(`${donnees.maintenant}Z`) && (jour(start) === jour(end) || heure(end) === "00:00"),
        eventDrop: deplacer,
        eventResize: deplacer,
        select: ({ start, end }) => {
            const choix = new URLSearchParams({ jour: jour(start), de: heure(start), a: fin(start, end) });
            if (donnees.vue === "jour") {
                choix.set("vue", "jour");
            }
            window.location.assign(`${donnees.ouvrir}?${choix}`);
        },
    });
    calendrier.render();
}

for (const racine of document.querySelectorAll("[data-sas-calendrier]")) {
    if (window.FullCalendar) {
        monter(racine);
    }
}
