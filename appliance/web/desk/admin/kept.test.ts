import { describe, expect, it } from "vitest";

import { keyFrom } from "./kept";

describe("a key that nobody typed", () => {
  it("comes from the English name", () => {
    expect(keyFrom({ en: " Order No. (new) " }, [])).toBe("order_no_new");
    expect(keyFrom({ en: "2nd Café" }, [])).toBe("nd_cafe");
  });
  it("is numbered when there is none, or when it is taken", () => {
    expect(keyFrom({ "zh-CN": "\u8ba2\u5355" }, [])).toBe("field_1");
    expect(keyFrom({ "zh-CN": "\u8ba2\u5355" }, ["field_1"])).toBe("field_2");
    expect(keyFrom({ en: "Order" }, ["order"])).toBe("order_2");
  });
  it("always is one that the interface takes", () => {
    for (const en of ["x".repeat(80), "___", "9", "Ä", "a-b"]) expect(keyFrom({ en }, [])).toMatch(/^[a-z][a-z0-9_]{0,39}$/);
  });
});
