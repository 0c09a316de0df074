// Shows every .tmt-head: the head's GLB (one textured mesh, as tmt writes it) to be turned by mouse, finger or arrow keys.
(() => {
  const VERTEX = `attribute vec3 place; attribute vec2 uv; uniform vec3 centre; uniform float size; uniform vec2 angle;
    uniform float aspect; varying vec2 at;
    void main() {
      vec3 p = (place - centre) * size;
      p = vec3(cos(angle.x) * p.x + sin(angle.x) * p.z, p.y, cos(angle.x) * p.z - sin(angle.x) * p.x);
      p = vec3(p.x, cos(angle.y) * p.y - sin(angle.y) * p.z, cos(angle.y) * p.z + sin(angle.y) * p.y);
      at = uv;
      gl_Position = vec4(p.x / aspect, p.y, -0.3 * p.z, 1.0 - 0.22 * p.z);
    }`;
  const FRAGMENT = `precision mediump float; uniform sampler2D skin; varying vec2 at;
    uniform float soft;
    void main() {  // first what is solid, then, over it, how it fades at a cut
      vec4 c = texture2D(skin, at);
      float a = clamp(3.3 * c.a - 1.0, 0.0, 1.0);
      if (soft > 0.5 ? a < 0.02 || a == 1.0 : a < 1.0) discard;
      gl_FragColor = vec4(c.rgb * a, a);
    }`;

  function parse(data) {
    const view = new DataView(data), length = view.getUint32(12, true), start = 20 + length + 8;
    const told = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 20, length)));
    const bytes = (index) => {
      const part = told.bufferViews[index];
      return data.slice(start + (part.byteOffset || 0), start + (part.byteOffset || 0) + part.byteLength);
    };
    const mesh = told.meshes[0].primitives[0], places = told.accessors[mesh.attributes.POSITION];
    const indices = told.accessors[mesh.indices];
    return {
      low: places.min, high: places.max, places: new Float32Array(bytes(places.bufferView)),
      uv: new Float32Array(bytes(told.accessors[mesh.attributes.TEXCOORD_0].bufferView)),
      indices: Uint32Array.from(new (indices.componentType === 5123 ? Uint16Array : Uint32Array)(bytes(indices.bufferView))),
      picture: new Blob([bytes(told.images[0].bufferView)], { type: "image/png" }),
    };
  }

  function program(gl) {
    const made = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(made, shader);
    }
    gl.linkProgram(made);
    gl.useProgram(made);
    return made;
  }

  function upload(gl, made, head, image) {
    for (const [name, values, count] of [["place", head.places, 3], ["uv", head.uv, 2]]) {
      gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
      gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
      const where = gl.getAttribLocation(made, name);
      gl.enableVertexAttribArray(where);
      gl.vertexAttribPointer(where, count, gl.FLOAT, false, 0, 0);
    }
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, head.indices, gl.STATIC_DRAW);
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, image);
    for (const [name, value] of [[gl.TEXTURE_MIN_FILTER, gl.LINEAR], [gl.TEXTURE_MAG_FILTER, gl.LINEAR],
      [gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE], [gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE]]) {
      gl.texParameteri(gl.TEXTURE_2D, name, value);
    }
    gl.enable(gl.DEPTH_TEST);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  }

  async function wire(place) {
    if (place.dataset.wired) return;
    place.dataset.wired = "1";
    const canvas = place.appendChild(document.createElement("canvas"));
    const gl = canvas.getContext("webgl", { antialias: true, alpha: true, preserveDrawingBuffer: true });
    if (!gl || !gl.getExtension("OES_element_index_uint")) { place.dataset.state = "no-webgl"; return; }
    const head = parse(await (await fetch(window.tmtFile(place.dataset.file))).arrayBuffer());
    const made = program(gl), at = (name) => gl.getUniformLocation(made, name);
    upload(gl, made, head, await createImageBitmap(head.picture, { premultiplyAlpha: "none" }));
    const span = Math.max(...head.high.map((value, axis) => value - head.low[axis]));
    gl.uniform3fv(at("centre"), head.high.map((value, axis) => (value + head.low[axis]) / 2));
    let yaw = 0.5, pitch = 0.05, zoom = 1.6, held = null, asked = false;
    const draw = () => {
      asked = false;
      const width = Math.round(place.clientWidth * devicePixelRatio);
      const height = Math.round(place.clientHeight * devicePixelRatio);
      if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
      gl.viewport(0, 0, width, height);
      gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
      gl.uniform1f(at("size"), (zoom / span) * Math.min(1, (1.15 * width) / height));  // whole on a narrow screen, too
      gl.uniform1f(at("aspect"), width / height);
      gl.uniform2f(at("angle"), yaw, pitch);
      for (const soft of [0, 1]) {
        gl.uniform1f(at("soft"), soft);
        gl.depthMask(!soft);
        gl.drawElements(gl.TRIANGLES, head.indices.length, gl.UNSIGNED_INT, 0);
      }
      gl.depthMask(true);
      place.dataset.state = "shown";
    };
    const turn = (dx, dy) => {
      yaw = Math.max(-1.6, Math.min(1.6, yaw + dx));
      pitch = Math.max(-0.8, Math.min(0.8, pitch + dy));
      if (!asked) requestAnimationFrame(draw);  // without a GPU a picture takes longer than a finger's next move
      asked = true;
    };
    canvas.onpointerdown = (event) => { held = [event.clientX, event.clientY]; canvas.setPointerCapture(event.pointerId); };
    canvas.onpointermove = (event) => {
      if (!held) return;
      turn((event.clientX - held[0]) / 120, (event.clientY - held[1]) / 120);
      held = [event.clientX, event.clientY];
    };
    canvas.onpointerup = canvas.onpointercancel = () => { held = null; };
    place.onkeydown = (event) => {
      const step = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] }[event.key];
      if (step) { event.preventDefault(); turn(...step); }
      if (event.key === "+" || event.key === "-") { zoom *= event.key === "+" ? 1.1 : 1 / 1.1; draw(); }
    };
    new ResizeObserver(draw).observe(place);
    draw();
  }

  const wireAll = () => document.querySelectorAll(".tmt-head").forEach((place) => {
    wire(place).catch(() => { place.dataset.state = "failed"; });
  });
  new MutationObserver(wireAll).observe(document, { childList: true, subtree: true });
})();
