import { createPinia } from "pinia";
import { createApp } from "vue";

import App from "./App.vue";
import { watchFaults } from "./faults";
import { i18n, speak } from "./i18n";
import { router } from "./router";
import { settings } from "./settings";
import "./style/tokens.css";
import "./style/base.css";
import { watchBrowser } from "./stores/connection";
import { showTheme } from "./stores/theme";
import { watchPresses } from "./ui/picture";

showTheme();
watchBrowser();
watchPresses();
const app = createApp(App);
watchFaults(app);
app.use(createPinia());
void speak(settings().language).then(() => app.use(i18n).use(router).mount("#desk"));
