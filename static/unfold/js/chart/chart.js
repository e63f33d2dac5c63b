// Takes the place of unfold's charts, 200 KB on every page: ours are drawn by the server, as SVG.
