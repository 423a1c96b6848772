// For pages that use Element Plus: `import "../style/element";`, then the component from
// "element-plus" and, beside it, its style: "element-plus/es/components/NAME/style/css".

import "element-plus/theme-chalk/base.css";
import "element-plus/theme-chalk/dark/css-vars.css";
import "./element.css";
