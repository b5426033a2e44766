/** What of a folder is packaged. */
import { folderFiles } from "../../../src/stack/package/folder-files.js";
import { ProjectFolder } from "../../cli/cli.js";

test("a virtual environment of Python is left out, whatever its name; a folder that is only called so is not", async () => {
  const project = new ProjectFolder({
    "app.py": "",
    "venv/notes.txt": "",
    "tools/.venv/pyvenv.cfg": "",
    "tools/.venv/lib/python3.13/site-packages/requests/__init__.py": "",
    "my-packages/pyvenv.cfg": "",
    "__pycache__/app.pyc": "",
  });
  try {
    const files = await folderFiles(project.folder);
    expect(files.map(({ name }) => name).sort()).toEqual(["app.py", "venv/notes.txt"]);
  } finally {
    project.remove();
  }
});
