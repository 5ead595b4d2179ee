{
 "patcher": {
  "fileversion": 1,
  "appversion": {
   "major": 8,
   "minor": 5,
   "revision": 0,
   "architecture": "x64",
   "modernui": 1
  },
  "classnamespace": "box",
  "rect": [
   60,
   80,
   1160,
   760
  ],
  "openinpresentation": 1,
  "default_fontsize": 12.0,
  "default_fontname": "Arial",
  "gridsize": [
   15.0,
   15.0
  ],
  "boxes": [
   {
    "box": {
     "id": "obj-1",
     "maxclass": "comment",
     "patching_rect": [
      20,
      10,
      130,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      10,
      130,
      20
     ],
     "text": "DISTILL"
    }
   },
   {
    "box": {
     "id": "obj-2",
     "maxclass": "newobj",
     "patching_rect": [
      20,
      2200,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "text": "udpsend 127.0.0.1 9000"
    }
   },
   {
    "box": {
     "id": "obj-3",
     "maxclass": "newobj",
     "patching_rect": [
      700,
      2100,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "udpreceive 9002"
    }
   },
   {
    "box": {
     "id": "obj-4",
     "maxclass": "newobj",
     "patching_rect": [
      700,
      2140,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 79,
     "outlettype": [
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      ""
     ],
     "text": "route /distill/gain /distill/width /distill/map/x /distill/map/y /distill/map/amount /distill/source/rate /distill/source/range /distill/source/position /distill/source/speed /distill/source/jitter /distill/source/length /distill/source/loop /distill/source/freeze /distill/source/input_gain /distill/source/tempo /distill/source/gate /distill/source/fade /distill/source/leaps /distill/source/reach /distill/source/grip /distill/source/grain /distill/pitch /distill/note/bend /distill/note/release /distill/note/hold /distill/source/own /distill/codes/rate /distill/codes/position /distill/codes/repeat /distill/prior/temperature /distill/prior/top_p /distill/prior/novelty /distill/prior/rate /distill/prior/radius /distill/prior/hold /distill/space/spread /distill/space/depth /distill/morph /distill/marks/x /distill/marks/y /distill/marks/amount /distill/source/phase /distill/space/azimuth/0 /distill/space/elevation/0 /distill/space/distance/0 /distill/control/0 /distill/control/1 /distill/control/2 /distill/control/3 /distill/control/4 /distill/control/5 /distill/control/6 /distill/control/7 /distill/latent/0 /distill/latent/1 /distill/latent/2 /distill/latent/3 /distill/latent/4 /distill/latent/5 /distill/latent/6 /distill/latent/7 /distill/latent/8 /distill/latent/9 /distill/latent/10 /distill/latent/11 /distill/latent/12 /distill/latent/13 /distill/latent/14 /distill/latent/15 /distill/source /distill/vocoder /distill/space /distill/strain /distill/playing /distill/recording /distill/level /distill/error /distill/controls"
    }
   },
   {
    "box": {
     "id": "obj-5",
     "maxclass": "newobj",
     "patching_rect": [
      20,
      1900,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "loadbang"
    }
   },
   {
    "box": {
     "id": "obj-6",
     "maxclass": "newobj",
     "patching_rect": [
      20,
      1930,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "delay 300"
    }
   },
   {
    "box": {
     "id": "obj-7",
     "maxclass": "textbutton",
     "patching_rect": [
      20,
      40,
      120,
      24
     ],
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "presentation": 1,
     "presentation_rect": [
      20,
      40,
      120,
      24
     ],
     "text": "connect"
    }
   },
   {
    "box": {
     "id": "obj-8",
     "maxclass": "message",
     "patching_rect": [
      20,
      1740,
      220,
      22
     ],
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "/distill/subscribe 9002 numbers"
    }
   },
   {
    "box": {
     "id": "obj-9",
     "maxclass": "textbutton",
     "patching_rect": [
      150,
      40,
      120,
      24
     ],
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "presentation": 1,
     "presentation_rect": [
      150,
      40,
      120,
      24
     ],
     "text": "status"
    }
   },
   {
    "box": {
     "id": "obj-10",
     "maxclass": "message",
     "patching_rect": [
      150,
      1740,
      220,
      22
     ],
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "/distill/status"
    }
   },
   {
    "box": {
     "id": "obj-11",
     "maxclass": "textbutton",
     "patching_rect": [
      280,
      40,
      120,
      24
     ],
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "presentation": 1,
     "presentation_rect": [
      280,
      40,
      120,
      24
     ],
     "text": "play"
    }
   },
   {
    "box": {
     "id": "obj-12",
     "maxclass": "message",
     "patching_rect": [
      280,
      1740,
      220,
      22
     ],
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "/distill/play"
    }
   },
   {
    "box": {
     "id": "obj-13",
     "maxclass": "textbutton",
     "patching_rect": [
      410,
      40,
      120,
      24
     ],
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "presentation": 1,
     "presentation_rect": [
      410,
      40,
      120,
      24
     ],
     "text": "stop"
    }
   },
   {
    "box": {
     "id": "obj-14",
     "maxclass": "message",
     "patching_rect": [
      410,
      1740,
      220,
      22
     ],
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "/distill/stop"
    }
   },
   {
    "box": {
     "id": "obj-15",
     "maxclass": "textbutton",
     "patching_rect": [
      540,
      40,
      120,
      24
     ],
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "presentation": 1,
     "presentation_rect": [
      540,
      40,
      120,
      24
     ],
     "text": "panic"
    }
   },
   {
    "box": {
     "id": "obj-16",
     "maxclass": "message",
     "patching_rect": [
      540,
      1740,
      220,
      22
     ],
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "/distill/panic"
    }
   },
   {
    "box": {
     "id": "obj-17",
     "maxclass": "textbutton",
     "patching_rect": [
      670,
      40,
      120,
      24
     ],
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "presentation": 1,
     "presentation_rect": [
      670,
      40,
      120,
      24
     ],
     "text": "source trigger"
    }
   },
   {
    "box": {
     "id": "obj-18",
     "maxclass": "message",
     "patching_rect": [
      670,
      1740,
      220,
      22
     ],
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "/distill/source/trigger"
    }
   },
   {
    "box": {
     "id": "obj-19",
     "maxclass": "textbutton",
     "patching_rect": [
      800,
      40,
      120,
      24
     ],
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "presentation": 1,
     "presentation_rect": [
      800,
      40,
      120,
      24
     ],
     "text": "codes undo"
    }
   },
   {
    "box": {
     "id": "obj-20",
     "maxclass": "message",
     "patching_rect": [
      800,
      1740,
      220,
      22
     ],
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "/distill/codes/undo"
    }
   },
   {
    "box": {
     "id": "obj-21",
     "maxclass": "textbutton",
     "patching_rect": [
      930,
      40,
      120,
      24
     ],
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "presentation": 1,
     "presentation_rect": [
      930,
      40,
      120,
      24
     ],
     "text": "marks clear"
    }
   },
   {
    "box": {
     "id": "obj-22",
     "maxclass": "message",
     "patching_rect": [
      930,
      1740,
      220,
      22
     ],
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "/distill/marks/clear"
    }
   },
   {
    "box": {
     "id": "obj-23",
     "maxclass": "textbutton",
     "patching_rect": [
      1060,
      40,
      120,
      24
     ],
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "presentation": 1,
     "presentation_rect": [
      1060,
      40,
      120,
      24
     ],
     "text": "midi cancel"
    }
   },
   {
    "box": {
     "id": "obj-24",
     "maxclass": "message",
     "patching_rect": [
      1060,
      1740,
      220,
      22
     ],
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "/distill/midi/cancel"
    }
   },
   {
    "box": {
     "id": "obj-25",
     "maxclass": "textbutton",
     "patching_rect": [
      20,
      70,
      112,
      24
     ],
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "presentation": 1,
     "presentation_rect": [
      20,
      70,
      112,
      24
     ],
     "text": "preset 0"
    }
   },
   {
    "box": {
     "id": "obj-26",
     "maxclass": "message",
     "patching_rect": [
      20,
      1770,
      220,
      22
     ],
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "/distill/preset/recall 0 1.0"
    }
   },
   {
    "box": {
     "id": "obj-27",
     "maxclass": "textbutton",
     "patching_rect": [
      138,
      70,
      112,
      24
     ],
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "presentation": 1,
     "presentation_rect": [
      138,
      70,
      112,
      24
     ],
     "text": "preset 1"
    }
   },
   {
    "box": {
     "id": "obj-28",
     "maxclass": "message",
     "patching_rect": [
      138,
      1770,
      220,
      22
     ],
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "/distill/preset/recall 1 1.0"
    }
   },
   {
    "box": {
     "id": "obj-29",
     "maxclass": "textbutton",
     "patching_rect": [
      256,
      70,
      112,
      24
     ],
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      70,
      112,
      24
     ],
     "text": "preset 2"
    }
   },
   {
    "box": {
     "id": "obj-30",
     "maxclass": "message",
     "patching_rect": [
      256,
      1770,
      220,
      22
     ],
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "/distill/preset/recall 2 1.0"
    }
   },
   {
    "box": {
     "id": "obj-31",
     "maxclass": "textbutton",
     "patching_rect": [
      374,
      70,
      112,
      24
     ],
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "presentation": 1,
     "presentation_rect": [
      374,
      70,
      112,
      24
     ],
     "text": "preset 3"
    }
   },
   {
    "box": {
     "id": "obj-32",
     "maxclass": "message",
     "patching_rect": [
      374,
      1770,
      220,
      22
     ],
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "/distill/preset/recall 3 1.0"
    }
   },
   {
    "box": {
     "id": "obj-33",
     "maxclass": "textbutton",
     "patching_rect": [
      492,
      70,
      112,
      24
     ],
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "presentation": 1,
     "presentation_rect": [
      492,
      70,
      112,
      24
     ],
     "text": "preset 4"
    }
   },
   {
    "box": {
     "id": "obj-34",
     "maxclass": "message",
     "patching_rect": [
      492,
      1770,
      220,
      22
     ],
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "/distill/preset/recall 4 1.0"
    }
   },
   {
    "box": {
     "id": "obj-35",
     "maxclass": "textbutton",
     "patching_rect": [
      610,
      70,
      112,
      24
     ],
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "presentation": 1,
     "presentation_rect": [
      610,
      70,
      112,
      24
     ],
     "text": "preset 5"
    }
   },
   {
    "box": {
     "id": "obj-36",
     "maxclass": "message",
     "patching_rect": [
      610,
      1770,
      220,
      22
     ],
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "/distill/preset/recall 5 1.0"
    }
   },
   {
    "box": {
     "id": "obj-37",
     "maxclass": "textbutton",
     "patching_rect": [
      728,
      70,
      112,
      24
     ],
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "presentation": 1,
     "presentation_rect": [
      728,
      70,
      112,
      24
     ],
     "text": "preset 6"
    }
   },
   {
    "box": {
     "id": "obj-38",
     "maxclass": "message",
     "patching_rect": [
      728,
      1770,
      220,
      22
     ],
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "/distill/preset/recall 6 1.0"
    }
   },
   {
    "box": {
     "id": "obj-39",
     "maxclass": "textbutton",
     "patching_rect": [
      846,
      70,
      112,
      24
     ],
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "",
      "",
      "int"
     ],
     "presentation": 1,
     "presentation_rect": [
      846,
      70,
      112,
      24
     ],
     "text": "preset 7"
    }
   },
   {
    "box": {
     "id": "obj-40",
     "maxclass": "message",
     "patching_rect": [
      846,
      1770,
      220,
      22
     ],
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "/distill/preset/recall 7 1.0"
    }
   },
   {
    "box": {
     "id": "obj-41",
     "maxclass": "comment",
     "patching_rect": [
      20,
      100,
      150,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      100,
      150,
      20
     ],
     "text": "save as (type, return):"
    }
   },
   {
    "box": {
     "id": "obj-42",
     "maxclass": "textedit",
     "patching_rect": [
      170,
      100,
      160,
      22
     ],
     "numinlets": 1,
     "numoutlets": 4,
     "outlettype": [
      "",
      "int",
      "",
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      170,
      100,
      160,
      22
     ],
     "keymode": 1
    }
   },
   {
    "box": {
     "id": "obj-43",
     "maxclass": "newobj",
     "patching_rect": [
      400,
      1960,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      ""
     ],
     "text": "route text"
    }
   },
   {
    "box": {
     "id": "obj-44",
     "maxclass": "newobj",
     "patching_rect": [
      400,
      1990,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/preset/save"
    }
   },
   {
    "box": {
     "id": "obj-45",
     "maxclass": "comment",
     "patching_rect": [
      20,
      130,
      130,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      130,
      130,
      20
     ],
     "text": "source"
    }
   },
   {
    "box": {
     "id": "obj-46",
     "maxclass": "umenu",
     "patching_rect": [
      20,
      152,
      140,
      22
     ],
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "int",
      "",
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      20,
      152,
      140,
      22
     ],
     "items": [
      "hold",
      ",",
      "drift",
      ",",
      "corpus",
      ",",
      "input",
      ",",
      "walk",
      ",",
      "codes",
      ",",
      "prior"
     ],
     "parameter_enable": 0
    }
   },
   {
    "box": {
     "id": "obj-47",
     "maxclass": "newobj",
     "patching_rect": [
      20,
      2080,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/source"
    }
   },
   {
    "box": {
     "id": "obj-48",
     "maxclass": "newobj",
     "patching_rect": [
      20,
      2130,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend setsymbol"
    }
   },
   {
    "box": {
     "id": "obj-49",
     "maxclass": "comment",
     "patching_rect": [
      180,
      130,
      130,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      180,
      130,
      130,
      20
     ],
     "text": "vocoder"
    }
   },
   {
    "box": {
     "id": "obj-50",
     "maxclass": "umenu",
     "patching_rect": [
      180,
      152,
      140,
      22
     ],
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "int",
      "",
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      180,
      152,
      140,
      22
     ],
     "items": [
      "auto",
      ",",
      "hifigan",
      ",",
      "vocos",
      ",",
      "bigvgan",
      ",",
      "base"
     ],
     "parameter_enable": 0
    }
   },
   {
    "box": {
     "id": "obj-51",
     "maxclass": "newobj",
     "patching_rect": [
      180,
      2080,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/vocoder"
    }
   },
   {
    "box": {
     "id": "obj-52",
     "maxclass": "newobj",
     "patching_rect": [
      180,
      2130,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend setsymbol"
    }
   },
   {
    "box": {
     "id": "obj-53",
     "maxclass": "comment",
     "patching_rect": [
      340,
      130,
      130,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      340,
      130,
      130,
      20
     ],
     "text": "space"
    }
   },
   {
    "box": {
     "id": "obj-54",
     "maxclass": "umenu",
     "patching_rect": [
      340,
      152,
      140,
      22
     ],
     "numinlets": 1,
     "numoutlets": 3,
     "outlettype": [
      "int",
      "",
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      340,
      152,
      140,
      22
     ],
     "items": [
      "mono",
      ",",
      "stereo",
      ",",
      "wide",
      ",",
      "binaural",
      ",",
      "ambisonic"
     ],
     "parameter_enable": 0
    }
   },
   {
    "box": {
     "id": "obj-55",
     "maxclass": "newobj",
     "patching_rect": [
      340,
      2080,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/space"
    }
   },
   {
    "box": {
     "id": "obj-56",
     "maxclass": "newobj",
     "patching_rect": [
      340,
      2130,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend setsymbol"
    }
   },
   {
    "box": {
     "id": "obj-57",
     "maxclass": "comment",
     "patching_rect": [
      20,
      200,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      200,
      110,
      20
     ],
     "text": "gain"
    }
   },
   {
    "box": {
     "id": "obj-58",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      200,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/gain"
    }
   },
   {
    "box": {
     "id": "obj-59",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      200,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-60",
     "maxclass": "slider",
     "patching_rect": [
      132,
      200,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      200,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -90.0,
     "size": 102.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-61",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      200,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      200,
      64,
      22
     ],
     "minimum": -90.0,
     "maximum": 12.0
    }
   },
   {
    "box": {
     "id": "obj-62",
     "maxclass": "comment",
     "patching_rect": [
      20,
      226,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      226,
      110,
      20
     ],
     "text": "width"
    }
   },
   {
    "box": {
     "id": "obj-63",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      226,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/width"
    }
   },
   {
    "box": {
     "id": "obj-64",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      226,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-65",
     "maxclass": "slider",
     "patching_rect": [
      132,
      226,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      226,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.0,
     "size": 1.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-66",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      226,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      226,
      64,
      22
     ],
     "minimum": 0.0,
     "maximum": 1.0
    }
   },
   {
    "box": {
     "id": "obj-67",
     "maxclass": "comment",
     "patching_rect": [
      20,
      252,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      252,
      110,
      20
     ],
     "text": "map x"
    }
   },
   {
    "box": {
     "id": "obj-68",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      252,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/map/x"
    }
   },
   {
    "box": {
     "id": "obj-69",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      252,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-70",
     "maxclass": "slider",
     "patching_rect": [
      132,
      252,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      252,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -1.0,
     "size": 2.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-71",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      252,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      252,
      64,
      22
     ],
     "minimum": -1.0,
     "maximum": 1.0
    }
   },
   {
    "box": {
     "id": "obj-72",
     "maxclass": "comment",
     "patching_rect": [
      20,
      278,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      278,
      110,
      20
     ],
     "text": "map y"
    }
   },
   {
    "box": {
     "id": "obj-73",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      278,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/map/y"
    }
   },
   {
    "box": {
     "id": "obj-74",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      278,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-75",
     "maxclass": "slider",
     "patching_rect": [
      132,
      278,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      278,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -1.0,
     "size": 2.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-76",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      278,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      278,
      64,
      22
     ],
     "minimum": -1.0,
     "maximum": 1.0
    }
   },
   {
    "box": {
     "id": "obj-77",
     "maxclass": "comment",
     "patching_rect": [
      20,
      304,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      304,
      110,
      20
     ],
     "text": "map amount"
    }
   },
   {
    "box": {
     "id": "obj-78",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      304,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/map/amount"
    }
   },
   {
    "box": {
     "id": "obj-79",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      304,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-80",
     "maxclass": "slider",
     "patching_rect": [
      132,
      304,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      304,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.0,
     "size": 1.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-81",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      304,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      304,
      64,
      22
     ],
     "minimum": 0.0,
     "maximum": 1.0
    }
   },
   {
    "box": {
     "id": "obj-82",
     "maxclass": "comment",
     "patching_rect": [
      20,
      330,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      330,
      110,
      20
     ],
     "text": "source rate"
    }
   },
   {
    "box": {
     "id": "obj-83",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      330,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/source/rate"
    }
   },
   {
    "box": {
     "id": "obj-84",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      330,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-85",
     "maxclass": "slider",
     "patching_rect": [
      132,
      330,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      330,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.01,
     "size": 19.99,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-86",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      330,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      330,
      64,
      22
     ],
     "minimum": 0.01,
     "maximum": 20.0
    }
   },
   {
    "box": {
     "id": "obj-87",
     "maxclass": "comment",
     "patching_rect": [
      20,
      356,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      356,
      110,
      20
     ],
     "text": "source range"
    }
   },
   {
    "box": {
     "id": "obj-88",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      356,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/source/range"
    }
   },
   {
    "box": {
     "id": "obj-89",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      356,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-90",
     "maxclass": "slider",
     "patching_rect": [
      132,
      356,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      356,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.0,
     "size": 3.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-91",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      356,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      356,
      64,
      22
     ],
     "minimum": 0.0,
     "maximum": 3.0
    }
   },
   {
    "box": {
     "id": "obj-92",
     "maxclass": "comment",
     "patching_rect": [
      20,
      382,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      382,
      110,
      20
     ],
     "text": "source position"
    }
   },
   {
    "box": {
     "id": "obj-93",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      382,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/source/position"
    }
   },
   {
    "box": {
     "id": "obj-94",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      382,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-95",
     "maxclass": "slider",
     "patching_rect": [
      132,
      382,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      382,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.0,
     "size": 1.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-96",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      382,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      382,
      64,
      22
     ],
     "minimum": 0.0,
     "maximum": 1.0
    }
   },
   {
    "box": {
     "id": "obj-97",
     "maxclass": "comment",
     "patching_rect": [
      20,
      408,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      408,
      110,
      20
     ],
     "text": "source speed"
    }
   },
   {
    "box": {
     "id": "obj-98",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      408,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/source/speed"
    }
   },
   {
    "box": {
     "id": "obj-99",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      408,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-100",
     "maxclass": "slider",
     "patching_rect": [
      132,
      408,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      408,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -4.0,
     "size": 8.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-101",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      408,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      408,
      64,
      22
     ],
     "minimum": -4.0,
     "maximum": 4.0
    }
   },
   {
    "box": {
     "id": "obj-102",
     "maxclass": "comment",
     "patching_rect": [
      20,
      434,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      434,
      110,
      20
     ],
     "text": "source jitter"
    }
   },
   {
    "box": {
     "id": "obj-103",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      434,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/source/jitter"
    }
   },
   {
    "box": {
     "id": "obj-104",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      434,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-105",
     "maxclass": "slider",
     "patching_rect": [
      132,
      434,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      434,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.0,
     "size": 1.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-106",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      434,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      434,
      64,
      22
     ],
     "minimum": 0.0,
     "maximum": 1.0
    }
   },
   {
    "box": {
     "id": "obj-107",
     "maxclass": "comment",
     "patching_rect": [
      20,
      460,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      460,
      110,
      20
     ],
     "text": "source length"
    }
   },
   {
    "box": {
     "id": "obj-108",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      460,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/source/length"
    }
   },
   {
    "box": {
     "id": "obj-109",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      460,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-110",
     "maxclass": "slider",
     "patching_rect": [
      132,
      460,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      460,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.0,
     "size": 600.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-111",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      460,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      460,
      64,
      22
     ],
     "minimum": 0.0,
     "maximum": 600.0
    }
   },
   {
    "box": {
     "id": "obj-112",
     "maxclass": "comment",
     "patching_rect": [
      20,
      486,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      486,
      110,
      20
     ],
     "text": "source loop"
    }
   },
   {
    "box": {
     "id": "obj-113",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      486,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/source/loop"
    }
   },
   {
    "box": {
     "id": "obj-114",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      486,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-115",
     "maxclass": "toggle",
     "patching_rect": [
      132,
      486,
      22,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      "int"
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      486,
      22,
      22
     ]
    }
   },
   {
    "box": {
     "id": "obj-116",
     "maxclass": "comment",
     "patching_rect": [
      20,
      512,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      512,
      110,
      20
     ],
     "text": "source freeze"
    }
   },
   {
    "box": {
     "id": "obj-117",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      512,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/source/freeze"
    }
   },
   {
    "box": {
     "id": "obj-118",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      512,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-119",
     "maxclass": "toggle",
     "patching_rect": [
      132,
      512,
      22,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      "int"
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      512,
      22,
      22
     ]
    }
   },
   {
    "box": {
     "id": "obj-120",
     "maxclass": "comment",
     "patching_rect": [
      20,
      538,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      538,
      110,
      20
     ],
     "text": "source input_gain"
    }
   },
   {
    "box": {
     "id": "obj-121",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      538,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/source/input_gain"
    }
   },
   {
    "box": {
     "id": "obj-122",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      538,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-123",
     "maxclass": "slider",
     "patching_rect": [
      132,
      538,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      538,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -60.0,
     "size": 84.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-124",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      538,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      538,
      64,
      22
     ],
     "minimum": -60.0,
     "maximum": 24.0
    }
   },
   {
    "box": {
     "id": "obj-125",
     "maxclass": "comment",
     "patching_rect": [
      20,
      564,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      564,
      110,
      20
     ],
     "text": "source tempo"
    }
   },
   {
    "box": {
     "id": "obj-126",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      564,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/source/tempo"
    }
   },
   {
    "box": {
     "id": "obj-127",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      564,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-128",
     "maxclass": "slider",
     "patching_rect": [
      132,
      564,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      564,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.0,
     "size": 300.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-129",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      564,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      564,
      64,
      22
     ],
     "minimum": 0.0,
     "maximum": 300.0
    }
   },
   {
    "box": {
     "id": "obj-130",
     "maxclass": "comment",
     "patching_rect": [
      20,
      590,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      590,
      110,
      20
     ],
     "text": "source gate"
    }
   },
   {
    "box": {
     "id": "obj-131",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      590,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/source/gate"
    }
   },
   {
    "box": {
     "id": "obj-132",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      590,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-133",
     "maxclass": "toggle",
     "patching_rect": [
      132,
      590,
      22,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      "int"
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      590,
      22,
      22
     ]
    }
   },
   {
    "box": {
     "id": "obj-134",
     "maxclass": "comment",
     "patching_rect": [
      20,
      616,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      616,
      110,
      20
     ],
     "text": "source fade"
    }
   },
   {
    "box": {
     "id": "obj-135",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      616,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/source/fade"
    }
   },
   {
    "box": {
     "id": "obj-136",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      616,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-137",
     "maxclass": "slider",
     "patching_rect": [
      132,
      616,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      616,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.01,
     "size": 9.99,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-138",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      616,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      616,
      64,
      22
     ],
     "minimum": 0.01,
     "maximum": 10.0
    }
   },
   {
    "box": {
     "id": "obj-139",
     "maxclass": "comment",
     "patching_rect": [
      20,
      642,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      642,
      110,
      20
     ],
     "text": "source leaps"
    }
   },
   {
    "box": {
     "id": "obj-140",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      642,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/source/leaps"
    }
   },
   {
    "box": {
     "id": "obj-141",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      642,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-142",
     "maxclass": "slider",
     "patching_rect": [
      132,
      642,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      642,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.02,
     "size": 19.98,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-143",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      642,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      642,
      64,
      22
     ],
     "minimum": 0.02,
     "maximum": 20.0
    }
   },
   {
    "box": {
     "id": "obj-144",
     "maxclass": "comment",
     "patching_rect": [
      20,
      668,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      668,
      110,
      20
     ],
     "text": "source reach"
    }
   },
   {
    "box": {
     "id": "obj-145",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      668,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/source/reach"
    }
   },
   {
    "box": {
     "id": "obj-146",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      668,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-147",
     "maxclass": "slider",
     "patching_rect": [
      132,
      668,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      668,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.0,
     "size": 1.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-148",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      668,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      668,
      64,
      22
     ],
     "minimum": 0.0,
     "maximum": 1.0
    }
   },
   {
    "box": {
     "id": "obj-149",
     "maxclass": "comment",
     "patching_rect": [
      20,
      694,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      694,
      110,
      20
     ],
     "text": "source grip"
    }
   },
   {
    "box": {
     "id": "obj-150",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      694,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/source/grip"
    }
   },
   {
    "box": {
     "id": "obj-151",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      694,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-152",
     "maxclass": "slider",
     "patching_rect": [
      132,
      694,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      694,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.0,
     "size": 1.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-153",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      694,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      694,
      64,
      22
     ],
     "minimum": 0.0,
     "maximum": 1.0
    }
   },
   {
    "box": {
     "id": "obj-154",
     "maxclass": "comment",
     "patching_rect": [
      20,
      720,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      720,
      110,
      20
     ],
     "text": "source grain"
    }
   },
   {
    "box": {
     "id": "obj-155",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      720,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/source/grain"
    }
   },
   {
    "box": {
     "id": "obj-156",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      720,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-157",
     "maxclass": "slider",
     "patching_rect": [
      132,
      720,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      720,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.0,
     "size": 4.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-158",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      720,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      720,
      64,
      22
     ],
     "minimum": 0.0,
     "maximum": 4.0
    }
   },
   {
    "box": {
     "id": "obj-159",
     "maxclass": "comment",
     "patching_rect": [
      20,
      746,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      746,
      110,
      20
     ],
     "text": "pitch"
    }
   },
   {
    "box": {
     "id": "obj-160",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      746,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/pitch"
    }
   },
   {
    "box": {
     "id": "obj-161",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      746,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-162",
     "maxclass": "slider",
     "patching_rect": [
      132,
      746,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      746,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -24.0,
     "size": 48.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-163",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      746,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      746,
      64,
      22
     ],
     "minimum": -24.0,
     "maximum": 24.0
    }
   },
   {
    "box": {
     "id": "obj-164",
     "maxclass": "comment",
     "patching_rect": [
      20,
      772,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      772,
      110,
      20
     ],
     "text": "note bend"
    }
   },
   {
    "box": {
     "id": "obj-165",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      772,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/note/bend"
    }
   },
   {
    "box": {
     "id": "obj-166",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      772,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-167",
     "maxclass": "slider",
     "patching_rect": [
      132,
      772,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      772,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -2.0,
     "size": 4.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-168",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      772,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      772,
      64,
      22
     ],
     "minimum": -2.0,
     "maximum": 2.0
    }
   },
   {
    "box": {
     "id": "obj-169",
     "maxclass": "comment",
     "patching_rect": [
      20,
      798,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      798,
      110,
      20
     ],
     "text": "note release"
    }
   },
   {
    "box": {
     "id": "obj-170",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      798,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/note/release"
    }
   },
   {
    "box": {
     "id": "obj-171",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      798,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-172",
     "maxclass": "slider",
     "patching_rect": [
      132,
      798,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      798,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.01,
     "size": 19.99,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-173",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      798,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      798,
      64,
      22
     ],
     "minimum": 0.01,
     "maximum": 20.0
    }
   },
   {
    "box": {
     "id": "obj-174",
     "maxclass": "comment",
     "patching_rect": [
      20,
      824,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      824,
      110,
      20
     ],
     "text": "note hold"
    }
   },
   {
    "box": {
     "id": "obj-175",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      824,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/note/hold"
    }
   },
   {
    "box": {
     "id": "obj-176",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      824,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-177",
     "maxclass": "toggle",
     "patching_rect": [
      132,
      824,
      22,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      "int"
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      824,
      22,
      22
     ]
    }
   },
   {
    "box": {
     "id": "obj-178",
     "maxclass": "comment",
     "patching_rect": [
      20,
      850,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      850,
      110,
      20
     ],
     "text": "source own"
    }
   },
   {
    "box": {
     "id": "obj-179",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      850,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/source/own"
    }
   },
   {
    "box": {
     "id": "obj-180",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      850,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-181",
     "maxclass": "slider",
     "patching_rect": [
      132,
      850,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      850,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.0,
     "size": 1.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-182",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      850,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      850,
      64,
      22
     ],
     "minimum": 0.0,
     "maximum": 1.0
    }
   },
   {
    "box": {
     "id": "obj-183",
     "maxclass": "comment",
     "patching_rect": [
      20,
      876,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      876,
      110,
      20
     ],
     "text": "codes rate"
    }
   },
   {
    "box": {
     "id": "obj-184",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      876,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/codes/rate"
    }
   },
   {
    "box": {
     "id": "obj-185",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      876,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-186",
     "maxclass": "slider",
     "patching_rect": [
      132,
      876,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      876,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -4.0,
     "size": 8.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-187",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      876,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      876,
      64,
      22
     ],
     "minimum": -4.0,
     "maximum": 4.0
    }
   },
   {
    "box": {
     "id": "obj-188",
     "maxclass": "comment",
     "patching_rect": [
      20,
      902,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      902,
      110,
      20
     ],
     "text": "codes position"
    }
   },
   {
    "box": {
     "id": "obj-189",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      902,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/codes/position"
    }
   },
   {
    "box": {
     "id": "obj-190",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      902,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-191",
     "maxclass": "slider",
     "patching_rect": [
      132,
      902,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      902,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.0,
     "size": 1.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-192",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      902,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      902,
      64,
      22
     ],
     "minimum": 0.0,
     "maximum": 1.0
    }
   },
   {
    "box": {
     "id": "obj-193",
     "maxclass": "comment",
     "patching_rect": [
      20,
      928,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      928,
      110,
      20
     ],
     "text": "codes repeat"
    }
   },
   {
    "box": {
     "id": "obj-194",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      928,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/codes/repeat"
    }
   },
   {
    "box": {
     "id": "obj-195",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      928,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-196",
     "maxclass": "toggle",
     "patching_rect": [
      132,
      928,
      22,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      "int"
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      928,
      22,
      22
     ]
    }
   },
   {
    "box": {
     "id": "obj-197",
     "maxclass": "comment",
     "patching_rect": [
      20,
      954,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      954,
      110,
      20
     ],
     "text": "prior temperature"
    }
   },
   {
    "box": {
     "id": "obj-198",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      954,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/prior/temperature"
    }
   },
   {
    "box": {
     "id": "obj-199",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      954,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-200",
     "maxclass": "slider",
     "patching_rect": [
      132,
      954,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      954,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.1,
     "size": 1.9,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-201",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      954,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      954,
      64,
      22
     ],
     "minimum": 0.1,
     "maximum": 2.0
    }
   },
   {
    "box": {
     "id": "obj-202",
     "maxclass": "comment",
     "patching_rect": [
      20,
      980,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      980,
      110,
      20
     ],
     "text": "prior top_p"
    }
   },
   {
    "box": {
     "id": "obj-203",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      980,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/prior/top_p"
    }
   },
   {
    "box": {
     "id": "obj-204",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      980,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-205",
     "maxclass": "slider",
     "patching_rect": [
      132,
      980,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      980,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.05,
     "size": 0.95,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-206",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      980,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      980,
      64,
      22
     ],
     "minimum": 0.05,
     "maximum": 1.0
    }
   },
   {
    "box": {
     "id": "obj-207",
     "maxclass": "comment",
     "patching_rect": [
      20,
      1006,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      1006,
      110,
      20
     ],
     "text": "prior novelty"
    }
   },
   {
    "box": {
     "id": "obj-208",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      1006,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/prior/novelty"
    }
   },
   {
    "box": {
     "id": "obj-209",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      1006,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-210",
     "maxclass": "slider",
     "patching_rect": [
      132,
      1006,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      1006,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.05,
     "size": 59.95,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-211",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      1006,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      1006,
      64,
      22
     ],
     "minimum": 0.05,
     "maximum": 60.0
    }
   },
   {
    "box": {
     "id": "obj-212",
     "maxclass": "comment",
     "patching_rect": [
      20,
      1032,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      1032,
      110,
      20
     ],
     "text": "prior rate"
    }
   },
   {
    "box": {
     "id": "obj-213",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      1032,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/prior/rate"
    }
   },
   {
    "box": {
     "id": "obj-214",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      1032,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-215",
     "maxclass": "slider",
     "patching_rect": [
      132,
      1032,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      1032,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.1,
     "size": 3.9,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-216",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      1032,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      1032,
      64,
      22
     ],
     "minimum": 0.1,
     "maximum": 4.0
    }
   },
   {
    "box": {
     "id": "obj-217",
     "maxclass": "comment",
     "patching_rect": [
      20,
      1058,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      1058,
      110,
      20
     ],
     "text": "prior radius"
    }
   },
   {
    "box": {
     "id": "obj-218",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      1058,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/prior/radius"
    }
   },
   {
    "box": {
     "id": "obj-219",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      1058,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-220",
     "maxclass": "slider",
     "patching_rect": [
      132,
      1058,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      1058,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.0,
     "size": 1.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-221",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      1058,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      1058,
      64,
      22
     ],
     "minimum": 0.0,
     "maximum": 1.0
    }
   },
   {
    "box": {
     "id": "obj-222",
     "maxclass": "comment",
     "patching_rect": [
      20,
      1084,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      1084,
      110,
      20
     ],
     "text": "prior hold"
    }
   },
   {
    "box": {
     "id": "obj-223",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      1084,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/prior/hold"
    }
   },
   {
    "box": {
     "id": "obj-224",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      1084,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-225",
     "maxclass": "toggle",
     "patching_rect": [
      132,
      1084,
      22,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      "int"
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      1084,
      22,
      22
     ]
    }
   },
   {
    "box": {
     "id": "obj-226",
     "maxclass": "comment",
     "patching_rect": [
      20,
      1110,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      1110,
      110,
      20
     ],
     "text": "space spread"
    }
   },
   {
    "box": {
     "id": "obj-227",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      1110,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/space/spread"
    }
   },
   {
    "box": {
     "id": "obj-228",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      1110,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-229",
     "maxclass": "slider",
     "patching_rect": [
      132,
      1110,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      1110,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.0,
     "size": 360.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-230",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      1110,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      1110,
      64,
      22
     ],
     "minimum": 0.0,
     "maximum": 360.0
    }
   },
   {
    "box": {
     "id": "obj-231",
     "maxclass": "comment",
     "patching_rect": [
      20,
      1136,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      1136,
      110,
      20
     ],
     "text": "space depth"
    }
   },
   {
    "box": {
     "id": "obj-232",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      1136,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/space/depth"
    }
   },
   {
    "box": {
     "id": "obj-233",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      1136,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-234",
     "maxclass": "slider",
     "patching_rect": [
      132,
      1136,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      1136,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.0,
     "size": 1.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-235",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      1136,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      1136,
      64,
      22
     ],
     "minimum": 0.0,
     "maximum": 1.0
    }
   },
   {
    "box": {
     "id": "obj-236",
     "maxclass": "comment",
     "patching_rect": [
      20,
      1162,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      1162,
      110,
      20
     ],
     "text": "morph"
    }
   },
   {
    "box": {
     "id": "obj-237",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      1162,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/morph"
    }
   },
   {
    "box": {
     "id": "obj-238",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      1162,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-239",
     "maxclass": "slider",
     "patching_rect": [
      132,
      1162,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      1162,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.0,
     "size": 1.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-240",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      1162,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      1162,
      64,
      22
     ],
     "minimum": 0.0,
     "maximum": 1.0
    }
   },
   {
    "box": {
     "id": "obj-241",
     "maxclass": "comment",
     "patching_rect": [
      20,
      1188,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      1188,
      110,
      20
     ],
     "text": "marks x"
    }
   },
   {
    "box": {
     "id": "obj-242",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      1188,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/marks/x"
    }
   },
   {
    "box": {
     "id": "obj-243",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      1188,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-244",
     "maxclass": "slider",
     "patching_rect": [
      132,
      1188,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      1188,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -1.0,
     "size": 2.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-245",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      1188,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      1188,
      64,
      22
     ],
     "minimum": -1.0,
     "maximum": 1.0
    }
   },
   {
    "box": {
     "id": "obj-246",
     "maxclass": "comment",
     "patching_rect": [
      20,
      1214,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      1214,
      110,
      20
     ],
     "text": "marks y"
    }
   },
   {
    "box": {
     "id": "obj-247",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      1214,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/marks/y"
    }
   },
   {
    "box": {
     "id": "obj-248",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      1214,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-249",
     "maxclass": "slider",
     "patching_rect": [
      132,
      1214,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      1214,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -1.0,
     "size": 2.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-250",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      1214,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      1214,
      64,
      22
     ],
     "minimum": -1.0,
     "maximum": 1.0
    }
   },
   {
    "box": {
     "id": "obj-251",
     "maxclass": "comment",
     "patching_rect": [
      20,
      1240,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      1240,
      110,
      20
     ],
     "text": "marks amount"
    }
   },
   {
    "box": {
     "id": "obj-252",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      1240,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/marks/amount"
    }
   },
   {
    "box": {
     "id": "obj-253",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      1240,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-254",
     "maxclass": "slider",
     "patching_rect": [
      132,
      1240,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      1240,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.0,
     "size": 1.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-255",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      1240,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      1240,
      64,
      22
     ],
     "minimum": 0.0,
     "maximum": 1.0
    }
   },
   {
    "box": {
     "id": "obj-256",
     "maxclass": "comment",
     "patching_rect": [
      20,
      1266,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      1266,
      110,
      20
     ],
     "text": "source phase"
    }
   },
   {
    "box": {
     "id": "obj-257",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      1266,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/source/phase"
    }
   },
   {
    "box": {
     "id": "obj-258",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      1266,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-259",
     "maxclass": "slider",
     "patching_rect": [
      132,
      1266,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      1266,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -1.0,
     "size": 5.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-260",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      1266,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      1266,
      64,
      22
     ],
     "minimum": -1.0,
     "maximum": 4.0
    }
   },
   {
    "box": {
     "id": "obj-261",
     "maxclass": "comment",
     "patching_rect": [
      20,
      1292,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      1292,
      110,
      20
     ],
     "text": "space azimuth 0"
    }
   },
   {
    "box": {
     "id": "obj-262",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      1292,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/space/azimuth/0"
    }
   },
   {
    "box": {
     "id": "obj-263",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      1292,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-264",
     "maxclass": "slider",
     "patching_rect": [
      132,
      1292,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      1292,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -180.0,
     "size": 360.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-265",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      1292,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      1292,
      64,
      22
     ],
     "minimum": -180.0,
     "maximum": 180.0
    }
   },
   {
    "box": {
     "id": "obj-266",
     "maxclass": "comment",
     "patching_rect": [
      20,
      1318,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      1318,
      110,
      20
     ],
     "text": "space elevation 0"
    }
   },
   {
    "box": {
     "id": "obj-267",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      1318,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/space/elevation/0"
    }
   },
   {
    "box": {
     "id": "obj-268",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      1318,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-269",
     "maxclass": "slider",
     "patching_rect": [
      132,
      1318,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      1318,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -90.0,
     "size": 180.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-270",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      1318,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      1318,
      64,
      22
     ],
     "minimum": -90.0,
     "maximum": 90.0
    }
   },
   {
    "box": {
     "id": "obj-271",
     "maxclass": "comment",
     "patching_rect": [
      20,
      1344,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      20,
      1344,
      110,
      20
     ],
     "text": "space distance 0"
    }
   },
   {
    "box": {
     "id": "obj-272",
     "maxclass": "newobj",
     "patching_rect": [
      1020,
      1344,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/space/distance/0"
    }
   },
   {
    "box": {
     "id": "obj-273",
     "maxclass": "newobj",
     "patching_rect": [
      1210,
      1344,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-274",
     "maxclass": "slider",
     "patching_rect": [
      132,
      1344,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      132,
      1344,
      120,
      20
     ],
     "floatoutput": 1,
     "min": 0.25,
     "size": 99.75,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-275",
     "maxclass": "flonum",
     "patching_rect": [
      256,
      1344,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      256,
      1344,
      64,
      22
     ],
     "minimum": 0.25,
     "maximum": 100.0
    }
   },
   {
    "box": {
     "id": "obj-276",
     "maxclass": "comment",
     "patching_rect": [
      340,
      200,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      340,
      200,
      110,
      20
     ],
     "text": "control 0"
    }
   },
   {
    "box": {
     "id": "obj-277",
     "maxclass": "newobj",
     "patching_rect": [
      1340,
      200,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/control/0"
    }
   },
   {
    "box": {
     "id": "obj-278",
     "maxclass": "newobj",
     "patching_rect": [
      1530,
      200,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-279",
     "maxclass": "slider",
     "patching_rect": [
      452,
      200,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      452,
      200,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -1.0,
     "size": 2.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-280",
     "maxclass": "flonum",
     "patching_rect": [
      576,
      200,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      576,
      200,
      64,
      22
     ],
     "minimum": -1.0,
     "maximum": 1.0
    }
   },
   {
    "box": {
     "id": "obj-281",
     "maxclass": "comment",
     "patching_rect": [
      340,
      226,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      340,
      226,
      110,
      20
     ],
     "text": "control 1"
    }
   },
   {
    "box": {
     "id": "obj-282",
     "maxclass": "newobj",
     "patching_rect": [
      1340,
      226,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/control/1"
    }
   },
   {
    "box": {
     "id": "obj-283",
     "maxclass": "newobj",
     "patching_rect": [
      1530,
      226,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-284",
     "maxclass": "slider",
     "patching_rect": [
      452,
      226,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      452,
      226,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -1.0,
     "size": 2.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-285",
     "maxclass": "flonum",
     "patching_rect": [
      576,
      226,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      576,
      226,
      64,
      22
     ],
     "minimum": -1.0,
     "maximum": 1.0
    }
   },
   {
    "box": {
     "id": "obj-286",
     "maxclass": "comment",
     "patching_rect": [
      340,
      252,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      340,
      252,
      110,
      20
     ],
     "text": "control 2"
    }
   },
   {
    "box": {
     "id": "obj-287",
     "maxclass": "newobj",
     "patching_rect": [
      1340,
      252,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/control/2"
    }
   },
   {
    "box": {
     "id": "obj-288",
     "maxclass": "newobj",
     "patching_rect": [
      1530,
      252,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-289",
     "maxclass": "slider",
     "patching_rect": [
      452,
      252,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      452,
      252,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -1.0,
     "size": 2.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-290",
     "maxclass": "flonum",
     "patching_rect": [
      576,
      252,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      576,
      252,
      64,
      22
     ],
     "minimum": -1.0,
     "maximum": 1.0
    }
   },
   {
    "box": {
     "id": "obj-291",
     "maxclass": "comment",
     "patching_rect": [
      340,
      278,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      340,
      278,
      110,
      20
     ],
     "text": "control 3"
    }
   },
   {
    "box": {
     "id": "obj-292",
     "maxclass": "newobj",
     "patching_rect": [
      1340,
      278,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/control/3"
    }
   },
   {
    "box": {
     "id": "obj-293",
     "maxclass": "newobj",
     "patching_rect": [
      1530,
      278,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-294",
     "maxclass": "slider",
     "patching_rect": [
      452,
      278,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      452,
      278,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -1.0,
     "size": 2.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-295",
     "maxclass": "flonum",
     "patching_rect": [
      576,
      278,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      576,
      278,
      64,
      22
     ],
     "minimum": -1.0,
     "maximum": 1.0
    }
   },
   {
    "box": {
     "id": "obj-296",
     "maxclass": "comment",
     "patching_rect": [
      340,
      304,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      340,
      304,
      110,
      20
     ],
     "text": "control 4"
    }
   },
   {
    "box": {
     "id": "obj-297",
     "maxclass": "newobj",
     "patching_rect": [
      1340,
      304,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/control/4"
    }
   },
   {
    "box": {
     "id": "obj-298",
     "maxclass": "newobj",
     "patching_rect": [
      1530,
      304,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-299",
     "maxclass": "slider",
     "patching_rect": [
      452,
      304,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      452,
      304,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -1.0,
     "size": 2.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-300",
     "maxclass": "flonum",
     "patching_rect": [
      576,
      304,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      576,
      304,
      64,
      22
     ],
     "minimum": -1.0,
     "maximum": 1.0
    }
   },
   {
    "box": {
     "id": "obj-301",
     "maxclass": "comment",
     "patching_rect": [
      340,
      330,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      340,
      330,
      110,
      20
     ],
     "text": "control 5"
    }
   },
   {
    "box": {
     "id": "obj-302",
     "maxclass": "newobj",
     "patching_rect": [
      1340,
      330,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/control/5"
    }
   },
   {
    "box": {
     "id": "obj-303",
     "maxclass": "newobj",
     "patching_rect": [
      1530,
      330,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-304",
     "maxclass": "slider",
     "patching_rect": [
      452,
      330,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      452,
      330,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -1.0,
     "size": 2.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-305",
     "maxclass": "flonum",
     "patching_rect": [
      576,
      330,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      576,
      330,
      64,
      22
     ],
     "minimum": -1.0,
     "maximum": 1.0
    }
   },
   {
    "box": {
     "id": "obj-306",
     "maxclass": "comment",
     "patching_rect": [
      340,
      356,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      340,
      356,
      110,
      20
     ],
     "text": "control 6"
    }
   },
   {
    "box": {
     "id": "obj-307",
     "maxclass": "newobj",
     "patching_rect": [
      1340,
      356,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/control/6"
    }
   },
   {
    "box": {
     "id": "obj-308",
     "maxclass": "newobj",
     "patching_rect": [
      1530,
      356,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-309",
     "maxclass": "slider",
     "patching_rect": [
      452,
      356,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      452,
      356,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -1.0,
     "size": 2.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-310",
     "maxclass": "flonum",
     "patching_rect": [
      576,
      356,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      576,
      356,
      64,
      22
     ],
     "minimum": -1.0,
     "maximum": 1.0
    }
   },
   {
    "box": {
     "id": "obj-311",
     "maxclass": "comment",
     "patching_rect": [
      340,
      382,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      340,
      382,
      110,
      20
     ],
     "text": "control 7"
    }
   },
   {
    "box": {
     "id": "obj-312",
     "maxclass": "newobj",
     "patching_rect": [
      1340,
      382,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/control/7"
    }
   },
   {
    "box": {
     "id": "obj-313",
     "maxclass": "newobj",
     "patching_rect": [
      1530,
      382,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-314",
     "maxclass": "slider",
     "patching_rect": [
      452,
      382,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      452,
      382,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -1.0,
     "size": 2.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-315",
     "maxclass": "flonum",
     "patching_rect": [
      576,
      382,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      576,
      382,
      64,
      22
     ],
     "minimum": -1.0,
     "maximum": 1.0
    }
   },
   {
    "box": {
     "id": "obj-316",
     "maxclass": "comment",
     "patching_rect": [
      660,
      200,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      660,
      200,
      110,
      20
     ],
     "text": "latent 0"
    }
   },
   {
    "box": {
     "id": "obj-317",
     "maxclass": "newobj",
     "patching_rect": [
      1660,
      200,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/latent/0"
    }
   },
   {
    "box": {
     "id": "obj-318",
     "maxclass": "newobj",
     "patching_rect": [
      1850,
      200,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-319",
     "maxclass": "slider",
     "patching_rect": [
      772,
      200,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      772,
      200,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -4.0,
     "size": 8.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-320",
     "maxclass": "flonum",
     "patching_rect": [
      896,
      200,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      896,
      200,
      64,
      22
     ],
     "minimum": -4.0,
     "maximum": 4.0
    }
   },
   {
    "box": {
     "id": "obj-321",
     "maxclass": "comment",
     "patching_rect": [
      660,
      226,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      660,
      226,
      110,
      20
     ],
     "text": "latent 1"
    }
   },
   {
    "box": {
     "id": "obj-322",
     "maxclass": "newobj",
     "patching_rect": [
      1660,
      226,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/latent/1"
    }
   },
   {
    "box": {
     "id": "obj-323",
     "maxclass": "newobj",
     "patching_rect": [
      1850,
      226,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-324",
     "maxclass": "slider",
     "patching_rect": [
      772,
      226,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      772,
      226,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -4.0,
     "size": 8.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-325",
     "maxclass": "flonum",
     "patching_rect": [
      896,
      226,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      896,
      226,
      64,
      22
     ],
     "minimum": -4.0,
     "maximum": 4.0
    }
   },
   {
    "box": {
     "id": "obj-326",
     "maxclass": "comment",
     "patching_rect": [
      660,
      252,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      660,
      252,
      110,
      20
     ],
     "text": "latent 2"
    }
   },
   {
    "box": {
     "id": "obj-327",
     "maxclass": "newobj",
     "patching_rect": [
      1660,
      252,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/latent/2"
    }
   },
   {
    "box": {
     "id": "obj-328",
     "maxclass": "newobj",
     "patching_rect": [
      1850,
      252,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-329",
     "maxclass": "slider",
     "patching_rect": [
      772,
      252,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      772,
      252,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -4.0,
     "size": 8.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-330",
     "maxclass": "flonum",
     "patching_rect": [
      896,
      252,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      896,
      252,
      64,
      22
     ],
     "minimum": -4.0,
     "maximum": 4.0
    }
   },
   {
    "box": {
     "id": "obj-331",
     "maxclass": "comment",
     "patching_rect": [
      660,
      278,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      660,
      278,
      110,
      20
     ],
     "text": "latent 3"
    }
   },
   {
    "box": {
     "id": "obj-332",
     "maxclass": "newobj",
     "patching_rect": [
      1660,
      278,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/latent/3"
    }
   },
   {
    "box": {
     "id": "obj-333",
     "maxclass": "newobj",
     "patching_rect": [
      1850,
      278,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-334",
     "maxclass": "slider",
     "patching_rect": [
      772,
      278,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      772,
      278,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -4.0,
     "size": 8.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-335",
     "maxclass": "flonum",
     "patching_rect": [
      896,
      278,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      896,
      278,
      64,
      22
     ],
     "minimum": -4.0,
     "maximum": 4.0
    }
   },
   {
    "box": {
     "id": "obj-336",
     "maxclass": "comment",
     "patching_rect": [
      660,
      304,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      660,
      304,
      110,
      20
     ],
     "text": "latent 4"
    }
   },
   {
    "box": {
     "id": "obj-337",
     "maxclass": "newobj",
     "patching_rect": [
      1660,
      304,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/latent/4"
    }
   },
   {
    "box": {
     "id": "obj-338",
     "maxclass": "newobj",
     "patching_rect": [
      1850,
      304,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-339",
     "maxclass": "slider",
     "patching_rect": [
      772,
      304,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      772,
      304,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -4.0,
     "size": 8.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-340",
     "maxclass": "flonum",
     "patching_rect": [
      896,
      304,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      896,
      304,
      64,
      22
     ],
     "minimum": -4.0,
     "maximum": 4.0
    }
   },
   {
    "box": {
     "id": "obj-341",
     "maxclass": "comment",
     "patching_rect": [
      660,
      330,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      660,
      330,
      110,
      20
     ],
     "text": "latent 5"
    }
   },
   {
    "box": {
     "id": "obj-342",
     "maxclass": "newobj",
     "patching_rect": [
      1660,
      330,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/latent/5"
    }
   },
   {
    "box": {
     "id": "obj-343",
     "maxclass": "newobj",
     "patching_rect": [
      1850,
      330,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-344",
     "maxclass": "slider",
     "patching_rect": [
      772,
      330,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      772,
      330,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -4.0,
     "size": 8.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-345",
     "maxclass": "flonum",
     "patching_rect": [
      896,
      330,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      896,
      330,
      64,
      22
     ],
     "minimum": -4.0,
     "maximum": 4.0
    }
   },
   {
    "box": {
     "id": "obj-346",
     "maxclass": "comment",
     "patching_rect": [
      660,
      356,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      660,
      356,
      110,
      20
     ],
     "text": "latent 6"
    }
   },
   {
    "box": {
     "id": "obj-347",
     "maxclass": "newobj",
     "patching_rect": [
      1660,
      356,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/latent/6"
    }
   },
   {
    "box": {
     "id": "obj-348",
     "maxclass": "newobj",
     "patching_rect": [
      1850,
      356,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-349",
     "maxclass": "slider",
     "patching_rect": [
      772,
      356,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      772,
      356,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -4.0,
     "size": 8.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-350",
     "maxclass": "flonum",
     "patching_rect": [
      896,
      356,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      896,
      356,
      64,
      22
     ],
     "minimum": -4.0,
     "maximum": 4.0
    }
   },
   {
    "box": {
     "id": "obj-351",
     "maxclass": "comment",
     "patching_rect": [
      660,
      382,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      660,
      382,
      110,
      20
     ],
     "text": "latent 7"
    }
   },
   {
    "box": {
     "id": "obj-352",
     "maxclass": "newobj",
     "patching_rect": [
      1660,
      382,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/latent/7"
    }
   },
   {
    "box": {
     "id": "obj-353",
     "maxclass": "newobj",
     "patching_rect": [
      1850,
      382,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-354",
     "maxclass": "slider",
     "patching_rect": [
      772,
      382,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      772,
      382,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -4.0,
     "size": 8.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-355",
     "maxclass": "flonum",
     "patching_rect": [
      896,
      382,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      896,
      382,
      64,
      22
     ],
     "minimum": -4.0,
     "maximum": 4.0
    }
   },
   {
    "box": {
     "id": "obj-356",
     "maxclass": "comment",
     "patching_rect": [
      660,
      408,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      660,
      408,
      110,
      20
     ],
     "text": "latent 8"
    }
   },
   {
    "box": {
     "id": "obj-357",
     "maxclass": "newobj",
     "patching_rect": [
      1660,
      408,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/latent/8"
    }
   },
   {
    "box": {
     "id": "obj-358",
     "maxclass": "newobj",
     "patching_rect": [
      1850,
      408,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-359",
     "maxclass": "slider",
     "patching_rect": [
      772,
      408,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      772,
      408,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -4.0,
     "size": 8.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-360",
     "maxclass": "flonum",
     "patching_rect": [
      896,
      408,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      896,
      408,
      64,
      22
     ],
     "minimum": -4.0,
     "maximum": 4.0
    }
   },
   {
    "box": {
     "id": "obj-361",
     "maxclass": "comment",
     "patching_rect": [
      660,
      434,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      660,
      434,
      110,
      20
     ],
     "text": "latent 9"
    }
   },
   {
    "box": {
     "id": "obj-362",
     "maxclass": "newobj",
     "patching_rect": [
      1660,
      434,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/latent/9"
    }
   },
   {
    "box": {
     "id": "obj-363",
     "maxclass": "newobj",
     "patching_rect": [
      1850,
      434,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-364",
     "maxclass": "slider",
     "patching_rect": [
      772,
      434,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      772,
      434,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -4.0,
     "size": 8.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-365",
     "maxclass": "flonum",
     "patching_rect": [
      896,
      434,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      896,
      434,
      64,
      22
     ],
     "minimum": -4.0,
     "maximum": 4.0
    }
   },
   {
    "box": {
     "id": "obj-366",
     "maxclass": "comment",
     "patching_rect": [
      660,
      460,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      660,
      460,
      110,
      20
     ],
     "text": "latent 10"
    }
   },
   {
    "box": {
     "id": "obj-367",
     "maxclass": "newobj",
     "patching_rect": [
      1660,
      460,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/latent/10"
    }
   },
   {
    "box": {
     "id": "obj-368",
     "maxclass": "newobj",
     "patching_rect": [
      1850,
      460,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-369",
     "maxclass": "slider",
     "patching_rect": [
      772,
      460,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      772,
      460,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -4.0,
     "size": 8.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-370",
     "maxclass": "flonum",
     "patching_rect": [
      896,
      460,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      896,
      460,
      64,
      22
     ],
     "minimum": -4.0,
     "maximum": 4.0
    }
   },
   {
    "box": {
     "id": "obj-371",
     "maxclass": "comment",
     "patching_rect": [
      660,
      486,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      660,
      486,
      110,
      20
     ],
     "text": "latent 11"
    }
   },
   {
    "box": {
     "id": "obj-372",
     "maxclass": "newobj",
     "patching_rect": [
      1660,
      486,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/latent/11"
    }
   },
   {
    "box": {
     "id": "obj-373",
     "maxclass": "newobj",
     "patching_rect": [
      1850,
      486,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-374",
     "maxclass": "slider",
     "patching_rect": [
      772,
      486,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      772,
      486,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -4.0,
     "size": 8.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-375",
     "maxclass": "flonum",
     "patching_rect": [
      896,
      486,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      896,
      486,
      64,
      22
     ],
     "minimum": -4.0,
     "maximum": 4.0
    }
   },
   {
    "box": {
     "id": "obj-376",
     "maxclass": "comment",
     "patching_rect": [
      660,
      512,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      660,
      512,
      110,
      20
     ],
     "text": "latent 12"
    }
   },
   {
    "box": {
     "id": "obj-377",
     "maxclass": "newobj",
     "patching_rect": [
      1660,
      512,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/latent/12"
    }
   },
   {
    "box": {
     "id": "obj-378",
     "maxclass": "newobj",
     "patching_rect": [
      1850,
      512,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-379",
     "maxclass": "slider",
     "patching_rect": [
      772,
      512,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      772,
      512,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -4.0,
     "size": 8.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-380",
     "maxclass": "flonum",
     "patching_rect": [
      896,
      512,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      896,
      512,
      64,
      22
     ],
     "minimum": -4.0,
     "maximum": 4.0
    }
   },
   {
    "box": {
     "id": "obj-381",
     "maxclass": "comment",
     "patching_rect": [
      660,
      538,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      660,
      538,
      110,
      20
     ],
     "text": "latent 13"
    }
   },
   {
    "box": {
     "id": "obj-382",
     "maxclass": "newobj",
     "patching_rect": [
      1660,
      538,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/latent/13"
    }
   },
   {
    "box": {
     "id": "obj-383",
     "maxclass": "newobj",
     "patching_rect": [
      1850,
      538,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-384",
     "maxclass": "slider",
     "patching_rect": [
      772,
      538,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      772,
      538,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -4.0,
     "size": 8.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-385",
     "maxclass": "flonum",
     "patching_rect": [
      896,
      538,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      896,
      538,
      64,
      22
     ],
     "minimum": -4.0,
     "maximum": 4.0
    }
   },
   {
    "box": {
     "id": "obj-386",
     "maxclass": "comment",
     "patching_rect": [
      660,
      564,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      660,
      564,
      110,
      20
     ],
     "text": "latent 14"
    }
   },
   {
    "box": {
     "id": "obj-387",
     "maxclass": "newobj",
     "patching_rect": [
      1660,
      564,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/latent/14"
    }
   },
   {
    "box": {
     "id": "obj-388",
     "maxclass": "newobj",
     "patching_rect": [
      1850,
      564,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-389",
     "maxclass": "slider",
     "patching_rect": [
      772,
      564,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      772,
      564,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -4.0,
     "size": 8.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-390",
     "maxclass": "flonum",
     "patching_rect": [
      896,
      564,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      896,
      564,
      64,
      22
     ],
     "minimum": -4.0,
     "maximum": 4.0
    }
   },
   {
    "box": {
     "id": "obj-391",
     "maxclass": "comment",
     "patching_rect": [
      660,
      590,
      110,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      660,
      590,
      110,
      20
     ],
     "text": "latent 15"
    }
   },
   {
    "box": {
     "id": "obj-392",
     "maxclass": "newobj",
     "patching_rect": [
      1660,
      590,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend /distill/latent/15"
    }
   },
   {
    "box": {
     "id": "obj-393",
     "maxclass": "newobj",
     "patching_rect": [
      1850,
      590,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-394",
     "maxclass": "slider",
     "patching_rect": [
      772,
      590,
      120,
      20
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      772,
      590,
      120,
      20
     ],
     "floatoutput": 1,
     "min": -4.0,
     "size": 8.0,
     "orientation": 1
    }
   },
   {
    "box": {
     "id": "obj-395",
     "maxclass": "flonum",
     "patching_rect": [
      896,
      590,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      896,
      590,
      64,
      22
     ],
     "minimum": -4.0,
     "maximum": 4.0
    }
   },
   {
    "box": {
     "id": "obj-396",
     "maxclass": "comment",
     "patching_rect": [
      520,
      130,
      130,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      520,
      130,
      130,
      20
     ],
     "text": "peak, rms (dB)"
    }
   },
   {
    "box": {
     "id": "obj-397",
     "maxclass": "newobj",
     "patching_rect": [
      700,
      2240,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      ""
     ],
     "text": "unpack 0. 0."
    }
   },
   {
    "box": {
     "id": "obj-398",
     "maxclass": "flonum",
     "patching_rect": [
      520,
      152,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      520,
      152,
      64,
      22
     ]
    }
   },
   {
    "box": {
     "id": "obj-399",
     "maxclass": "flonum",
     "patching_rect": [
      590,
      152,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      590,
      152,
      64,
      22
     ]
    }
   },
   {
    "box": {
     "id": "obj-400",
     "maxclass": "comment",
     "patching_rect": [
      670,
      130,
      80,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      670,
      130,
      80,
      20
     ],
     "text": "strain"
    }
   },
   {
    "box": {
     "id": "obj-401",
     "maxclass": "flonum",
     "patching_rect": [
      670,
      152,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      670,
      152,
      64,
      22
     ]
    }
   },
   {
    "box": {
     "id": "obj-402",
     "maxclass": "comment",
     "patching_rect": [
      760,
      130,
      80,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      760,
      130,
      80,
      20
     ],
     "text": "playing"
    }
   },
   {
    "box": {
     "id": "obj-403",
     "maxclass": "flonum",
     "patching_rect": [
      760,
      152,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      760,
      152,
      64,
      22
     ]
    }
   },
   {
    "box": {
     "id": "obj-404",
     "maxclass": "comment",
     "patching_rect": [
      850,
      130,
      80,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      850,
      130,
      80,
      20
     ],
     "text": "recording"
    }
   },
   {
    "box": {
     "id": "obj-405",
     "maxclass": "flonum",
     "patching_rect": [
      850,
      152,
      64,
      22
     ],
     "numinlets": 1,
     "numoutlets": 2,
     "outlettype": [
      "",
      "bang"
     ],
     "presentation": 1,
     "presentation_rect": [
      850,
      152,
      64,
      22
     ]
    }
   },
   {
    "box": {
     "id": "obj-406",
     "maxclass": "newobj",
     "patching_rect": [
      700,
      1900,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "loadbang"
    }
   },
   {
    "box": {
     "id": "obj-407",
     "maxclass": "message",
     "patching_rect": [
      700,
      1930,
      40,
      22
     ],
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "1"
    }
   },
   {
    "box": {
     "id": "obj-408",
     "maxclass": "newobj",
     "patching_rect": [
      700,
      1960,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "metro 100"
    }
   },
   {
    "box": {
     "id": "obj-409",
     "maxclass": "message",
     "patching_rect": [
      700,
      1990,
      180,
      22
     ],
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "/distill/strain"
    }
   },
   {
    "box": {
     "id": "obj-410",
     "maxclass": "comment",
     "patching_rect": [
      950,
      130,
      60,
      20
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "presentation": 1,
     "presentation_rect": [
      950,
      130,
      60,
      20
     ],
     "text": "refused:"
    }
   },
   {
    "box": {
     "id": "obj-411",
     "maxclass": "message",
     "patching_rect": [
      950,
      152,
      380,
      22
     ],
     "numinlets": 2,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "presentation": 1,
     "presentation_rect": [
      950,
      152,
      380,
      22
     ],
     "text": ""
    }
   },
   {
    "box": {
     "id": "obj-412",
     "maxclass": "newobj",
     "patching_rect": [
      700,
      2280,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-413",
     "maxclass": "newobj",
     "patching_rect": [
      900,
      2280,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "text": "print distill-error"
    }
   },
   {
    "box": {
     "id": "obj-414",
     "maxclass": "newobj",
     "patching_rect": [
      700,
      2320,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 8,
     "outlettype": [
      "",
      "",
      "",
      "",
      "",
      "",
      "",
      ""
     ],
     "text": "unpack s s s s s s s s"
    }
   },
   {
    "box": {
     "id": "obj-415",
     "maxclass": "newobj",
     "patching_rect": [
      700,
      2360,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-416",
     "maxclass": "newobj",
     "patching_rect": [
      890,
      2360,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-417",
     "maxclass": "newobj",
     "patching_rect": [
      1080,
      2360,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-418",
     "maxclass": "newobj",
     "patching_rect": [
      1270,
      2360,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-419",
     "maxclass": "newobj",
     "patching_rect": [
      1460,
      2360,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-420",
     "maxclass": "newobj",
     "patching_rect": [
      1650,
      2360,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-421",
     "maxclass": "newobj",
     "patching_rect": [
      1840,
      2360,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-422",
     "maxclass": "newobj",
     "patching_rect": [
      2030,
      2360,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 1,
     "outlettype": [
      ""
     ],
     "text": "prepend set"
    }
   },
   {
    "box": {
     "id": "obj-423",
     "maxclass": "newobj",
     "patching_rect": [
      700,
      2180,
      180,
      22
     ],
     "numinlets": 1,
     "numoutlets": 0,
     "outlettype": [],
     "text": "print distill"
    }
   }
  ],
  "lines": [
   {
    "patchline": {
     "source": [
      "obj-3",
      0
     ],
     "destination": [
      "obj-4",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-5",
      0
     ],
     "destination": [
      "obj-6",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-7",
      0
     ],
     "destination": [
      "obj-8",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-8",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-6",
      0
     ],
     "destination": [
      "obj-8",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-9",
      0
     ],
     "destination": [
      "obj-10",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-10",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-11",
      0
     ],
     "destination": [
      "obj-12",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-12",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-13",
      0
     ],
     "destination": [
      "obj-14",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-14",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-15",
      0
     ],
     "destination": [
      "obj-16",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-16",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-17",
      0
     ],
     "destination": [
      "obj-18",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-18",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-19",
      0
     ],
     "destination": [
      "obj-20",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-20",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-21",
      0
     ],
     "destination": [
      "obj-22",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-22",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-23",
      0
     ],
     "destination": [
      "obj-24",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-24",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-25",
      0
     ],
     "destination": [
      "obj-26",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-26",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-27",
      0
     ],
     "destination": [
      "obj-28",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-28",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-29",
      0
     ],
     "destination": [
      "obj-30",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-30",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-31",
      0
     ],
     "destination": [
      "obj-32",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-32",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-33",
      0
     ],
     "destination": [
      "obj-34",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-34",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-35",
      0
     ],
     "destination": [
      "obj-36",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-36",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-37",
      0
     ],
     "destination": [
      "obj-38",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-38",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-39",
      0
     ],
     "destination": [
      "obj-40",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-40",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-42",
      0
     ],
     "destination": [
      "obj-43",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-43",
      0
     ],
     "destination": [
      "obj-44",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-44",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-46",
      1
     ],
     "destination": [
      "obj-47",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-47",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      69
     ],
     "destination": [
      "obj-48",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-48",
      0
     ],
     "destination": [
      "obj-46",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-50",
      1
     ],
     "destination": [
      "obj-51",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-51",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      70
     ],
     "destination": [
      "obj-52",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-52",
      0
     ],
     "destination": [
      "obj-50",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-54",
      1
     ],
     "destination": [
      "obj-55",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-55",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      71
     ],
     "destination": [
      "obj-56",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-56",
      0
     ],
     "destination": [
      "obj-54",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-60",
      0
     ],
     "destination": [
      "obj-61",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-59",
      0
     ],
     "destination": [
      "obj-61",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-60",
      0
     ],
     "destination": [
      "obj-58",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-58",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      0
     ],
     "destination": [
      "obj-59",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-59",
      0
     ],
     "destination": [
      "obj-60",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-65",
      0
     ],
     "destination": [
      "obj-66",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-64",
      0
     ],
     "destination": [
      "obj-66",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-65",
      0
     ],
     "destination": [
      "obj-63",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-63",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      1
     ],
     "destination": [
      "obj-64",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-64",
      0
     ],
     "destination": [
      "obj-65",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-70",
      0
     ],
     "destination": [
      "obj-71",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-69",
      0
     ],
     "destination": [
      "obj-71",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-70",
      0
     ],
     "destination": [
      "obj-68",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-68",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      2
     ],
     "destination": [
      "obj-69",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-69",
      0
     ],
     "destination": [
      "obj-70",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-75",
      0
     ],
     "destination": [
      "obj-76",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-74",
      0
     ],
     "destination": [
      "obj-76",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-75",
      0
     ],
     "destination": [
      "obj-73",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-73",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      3
     ],
     "destination": [
      "obj-74",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-74",
      0
     ],
     "destination": [
      "obj-75",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-80",
      0
     ],
     "destination": [
      "obj-81",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-79",
      0
     ],
     "destination": [
      "obj-81",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-80",
      0
     ],
     "destination": [
      "obj-78",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-78",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      4
     ],
     "destination": [
      "obj-79",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-79",
      0
     ],
     "destination": [
      "obj-80",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-85",
      0
     ],
     "destination": [
      "obj-86",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-84",
      0
     ],
     "destination": [
      "obj-86",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-85",
      0
     ],
     "destination": [
      "obj-83",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-83",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      5
     ],
     "destination": [
      "obj-84",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-84",
      0
     ],
     "destination": [
      "obj-85",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-90",
      0
     ],
     "destination": [
      "obj-91",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-89",
      0
     ],
     "destination": [
      "obj-91",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-90",
      0
     ],
     "destination": [
      "obj-88",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-88",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      6
     ],
     "destination": [
      "obj-89",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-89",
      0
     ],
     "destination": [
      "obj-90",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-95",
      0
     ],
     "destination": [
      "obj-96",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-94",
      0
     ],
     "destination": [
      "obj-96",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-95",
      0
     ],
     "destination": [
      "obj-93",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-93",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      7
     ],
     "destination": [
      "obj-94",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-94",
      0
     ],
     "destination": [
      "obj-95",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-100",
      0
     ],
     "destination": [
      "obj-101",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-99",
      0
     ],
     "destination": [
      "obj-101",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-100",
      0
     ],
     "destination": [
      "obj-98",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-98",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      8
     ],
     "destination": [
      "obj-99",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-99",
      0
     ],
     "destination": [
      "obj-100",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-105",
      0
     ],
     "destination": [
      "obj-106",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-104",
      0
     ],
     "destination": [
      "obj-106",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-105",
      0
     ],
     "destination": [
      "obj-103",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-103",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      9
     ],
     "destination": [
      "obj-104",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-104",
      0
     ],
     "destination": [
      "obj-105",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-110",
      0
     ],
     "destination": [
      "obj-111",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-109",
      0
     ],
     "destination": [
      "obj-111",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-110",
      0
     ],
     "destination": [
      "obj-108",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-108",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      10
     ],
     "destination": [
      "obj-109",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-109",
      0
     ],
     "destination": [
      "obj-110",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-115",
      0
     ],
     "destination": [
      "obj-113",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-113",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      11
     ],
     "destination": [
      "obj-114",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-114",
      0
     ],
     "destination": [
      "obj-115",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-119",
      0
     ],
     "destination": [
      "obj-117",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-117",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      12
     ],
     "destination": [
      "obj-118",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-118",
      0
     ],
     "destination": [
      "obj-119",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-123",
      0
     ],
     "destination": [
      "obj-124",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-122",
      0
     ],
     "destination": [
      "obj-124",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-123",
      0
     ],
     "destination": [
      "obj-121",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-121",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      13
     ],
     "destination": [
      "obj-122",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-122",
      0
     ],
     "destination": [
      "obj-123",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-128",
      0
     ],
     "destination": [
      "obj-129",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-127",
      0
     ],
     "destination": [
      "obj-129",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-128",
      0
     ],
     "destination": [
      "obj-126",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-126",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      14
     ],
     "destination": [
      "obj-127",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-127",
      0
     ],
     "destination": [
      "obj-128",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-133",
      0
     ],
     "destination": [
      "obj-131",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-131",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      15
     ],
     "destination": [
      "obj-132",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-132",
      0
     ],
     "destination": [
      "obj-133",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-137",
      0
     ],
     "destination": [
      "obj-138",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-136",
      0
     ],
     "destination": [
      "obj-138",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-137",
      0
     ],
     "destination": [
      "obj-135",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-135",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      16
     ],
     "destination": [
      "obj-136",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-136",
      0
     ],
     "destination": [
      "obj-137",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-142",
      0
     ],
     "destination": [
      "obj-143",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-141",
      0
     ],
     "destination": [
      "obj-143",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-142",
      0
     ],
     "destination": [
      "obj-140",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-140",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      17
     ],
     "destination": [
      "obj-141",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-141",
      0
     ],
     "destination": [
      "obj-142",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-147",
      0
     ],
     "destination": [
      "obj-148",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-146",
      0
     ],
     "destination": [
      "obj-148",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-147",
      0
     ],
     "destination": [
      "obj-145",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-145",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      18
     ],
     "destination": [
      "obj-146",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-146",
      0
     ],
     "destination": [
      "obj-147",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-152",
      0
     ],
     "destination": [
      "obj-153",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-151",
      0
     ],
     "destination": [
      "obj-153",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-152",
      0
     ],
     "destination": [
      "obj-150",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-150",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      19
     ],
     "destination": [
      "obj-151",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-151",
      0
     ],
     "destination": [
      "obj-152",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-157",
      0
     ],
     "destination": [
      "obj-158",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-156",
      0
     ],
     "destination": [
      "obj-158",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-157",
      0
     ],
     "destination": [
      "obj-155",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-155",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      20
     ],
     "destination": [
      "obj-156",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-156",
      0
     ],
     "destination": [
      "obj-157",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-162",
      0
     ],
     "destination": [
      "obj-163",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-161",
      0
     ],
     "destination": [
      "obj-163",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-162",
      0
     ],
     "destination": [
      "obj-160",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-160",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      21
     ],
     "destination": [
      "obj-161",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-161",
      0
     ],
     "destination": [
      "obj-162",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-167",
      0
     ],
     "destination": [
      "obj-168",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-166",
      0
     ],
     "destination": [
      "obj-168",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-167",
      0
     ],
     "destination": [
      "obj-165",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-165",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      22
     ],
     "destination": [
      "obj-166",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-166",
      0
     ],
     "destination": [
      "obj-167",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-172",
      0
     ],
     "destination": [
      "obj-173",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-171",
      0
     ],
     "destination": [
      "obj-173",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-172",
      0
     ],
     "destination": [
      "obj-170",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-170",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      23
     ],
     "destination": [
      "obj-171",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-171",
      0
     ],
     "destination": [
      "obj-172",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-177",
      0
     ],
     "destination": [
      "obj-175",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-175",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      24
     ],
     "destination": [
      "obj-176",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-176",
      0
     ],
     "destination": [
      "obj-177",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-181",
      0
     ],
     "destination": [
      "obj-182",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-180",
      0
     ],
     "destination": [
      "obj-182",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-181",
      0
     ],
     "destination": [
      "obj-179",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-179",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      25
     ],
     "destination": [
      "obj-180",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-180",
      0
     ],
     "destination": [
      "obj-181",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-186",
      0
     ],
     "destination": [
      "obj-187",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-185",
      0
     ],
     "destination": [
      "obj-187",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-186",
      0
     ],
     "destination": [
      "obj-184",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-184",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      26
     ],
     "destination": [
      "obj-185",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-185",
      0
     ],
     "destination": [
      "obj-186",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-191",
      0
     ],
     "destination": [
      "obj-192",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-190",
      0
     ],
     "destination": [
      "obj-192",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-191",
      0
     ],
     "destination": [
      "obj-189",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-189",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      27
     ],
     "destination": [
      "obj-190",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-190",
      0
     ],
     "destination": [
      "obj-191",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-196",
      0
     ],
     "destination": [
      "obj-194",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-194",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      28
     ],
     "destination": [
      "obj-195",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-195",
      0
     ],
     "destination": [
      "obj-196",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-200",
      0
     ],
     "destination": [
      "obj-201",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-199",
      0
     ],
     "destination": [
      "obj-201",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-200",
      0
     ],
     "destination": [
      "obj-198",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-198",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      29
     ],
     "destination": [
      "obj-199",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-199",
      0
     ],
     "destination": [
      "obj-200",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-205",
      0
     ],
     "destination": [
      "obj-206",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-204",
      0
     ],
     "destination": [
      "obj-206",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-205",
      0
     ],
     "destination": [
      "obj-203",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-203",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      30
     ],
     "destination": [
      "obj-204",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-204",
      0
     ],
     "destination": [
      "obj-205",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-210",
      0
     ],
     "destination": [
      "obj-211",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-209",
      0
     ],
     "destination": [
      "obj-211",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-210",
      0
     ],
     "destination": [
      "obj-208",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-208",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      31
     ],
     "destination": [
      "obj-209",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-209",
      0
     ],
     "destination": [
      "obj-210",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-215",
      0
     ],
     "destination": [
      "obj-216",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-214",
      0
     ],
     "destination": [
      "obj-216",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-215",
      0
     ],
     "destination": [
      "obj-213",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-213",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      32
     ],
     "destination": [
      "obj-214",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-214",
      0
     ],
     "destination": [
      "obj-215",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-220",
      0
     ],
     "destination": [
      "obj-221",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-219",
      0
     ],
     "destination": [
      "obj-221",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-220",
      0
     ],
     "destination": [
      "obj-218",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-218",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      33
     ],
     "destination": [
      "obj-219",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-219",
      0
     ],
     "destination": [
      "obj-220",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-225",
      0
     ],
     "destination": [
      "obj-223",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-223",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      34
     ],
     "destination": [
      "obj-224",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-224",
      0
     ],
     "destination": [
      "obj-225",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-229",
      0
     ],
     "destination": [
      "obj-230",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-228",
      0
     ],
     "destination": [
      "obj-230",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-229",
      0
     ],
     "destination": [
      "obj-227",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-227",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      35
     ],
     "destination": [
      "obj-228",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-228",
      0
     ],
     "destination": [
      "obj-229",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-234",
      0
     ],
     "destination": [
      "obj-235",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-233",
      0
     ],
     "destination": [
      "obj-235",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-234",
      0
     ],
     "destination": [
      "obj-232",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-232",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      36
     ],
     "destination": [
      "obj-233",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-233",
      0
     ],
     "destination": [
      "obj-234",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-239",
      0
     ],
     "destination": [
      "obj-240",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-238",
      0
     ],
     "destination": [
      "obj-240",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-239",
      0
     ],
     "destination": [
      "obj-237",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-237",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      37
     ],
     "destination": [
      "obj-238",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-238",
      0
     ],
     "destination": [
      "obj-239",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-244",
      0
     ],
     "destination": [
      "obj-245",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-243",
      0
     ],
     "destination": [
      "obj-245",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-244",
      0
     ],
     "destination": [
      "obj-242",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-242",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      38
     ],
     "destination": [
      "obj-243",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-243",
      0
     ],
     "destination": [
      "obj-244",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-249",
      0
     ],
     "destination": [
      "obj-250",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-248",
      0
     ],
     "destination": [
      "obj-250",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-249",
      0
     ],
     "destination": [
      "obj-247",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-247",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      39
     ],
     "destination": [
      "obj-248",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-248",
      0
     ],
     "destination": [
      "obj-249",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-254",
      0
     ],
     "destination": [
      "obj-255",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-253",
      0
     ],
     "destination": [
      "obj-255",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-254",
      0
     ],
     "destination": [
      "obj-252",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-252",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      40
     ],
     "destination": [
      "obj-253",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-253",
      0
     ],
     "destination": [
      "obj-254",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-259",
      0
     ],
     "destination": [
      "obj-260",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-258",
      0
     ],
     "destination": [
      "obj-260",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-259",
      0
     ],
     "destination": [
      "obj-257",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-257",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      41
     ],
     "destination": [
      "obj-258",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-258",
      0
     ],
     "destination": [
      "obj-259",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-264",
      0
     ],
     "destination": [
      "obj-265",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-263",
      0
     ],
     "destination": [
      "obj-265",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-264",
      0
     ],
     "destination": [
      "obj-262",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-262",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      42
     ],
     "destination": [
      "obj-263",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-263",
      0
     ],
     "destination": [
      "obj-264",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-269",
      0
     ],
     "destination": [
      "obj-270",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-268",
      0
     ],
     "destination": [
      "obj-270",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-269",
      0
     ],
     "destination": [
      "obj-267",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-267",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      43
     ],
     "destination": [
      "obj-268",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-268",
      0
     ],
     "destination": [
      "obj-269",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-274",
      0
     ],
     "destination": [
      "obj-275",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-273",
      0
     ],
     "destination": [
      "obj-275",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-274",
      0
     ],
     "destination": [
      "obj-272",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-272",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      44
     ],
     "destination": [
      "obj-273",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-273",
      0
     ],
     "destination": [
      "obj-274",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-279",
      0
     ],
     "destination": [
      "obj-280",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-278",
      0
     ],
     "destination": [
      "obj-280",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-279",
      0
     ],
     "destination": [
      "obj-277",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-277",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      45
     ],
     "destination": [
      "obj-278",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-278",
      0
     ],
     "destination": [
      "obj-279",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-284",
      0
     ],
     "destination": [
      "obj-285",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-283",
      0
     ],
     "destination": [
      "obj-285",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-284",
      0
     ],
     "destination": [
      "obj-282",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-282",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      46
     ],
     "destination": [
      "obj-283",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-283",
      0
     ],
     "destination": [
      "obj-284",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-289",
      0
     ],
     "destination": [
      "obj-290",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-288",
      0
     ],
     "destination": [
      "obj-290",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-289",
      0
     ],
     "destination": [
      "obj-287",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-287",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      47
     ],
     "destination": [
      "obj-288",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-288",
      0
     ],
     "destination": [
      "obj-289",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-294",
      0
     ],
     "destination": [
      "obj-295",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-293",
      0
     ],
     "destination": [
      "obj-295",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-294",
      0
     ],
     "destination": [
      "obj-292",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-292",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      48
     ],
     "destination": [
      "obj-293",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-293",
      0
     ],
     "destination": [
      "obj-294",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-299",
      0
     ],
     "destination": [
      "obj-300",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-298",
      0
     ],
     "destination": [
      "obj-300",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-299",
      0
     ],
     "destination": [
      "obj-297",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-297",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      49
     ],
     "destination": [
      "obj-298",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-298",
      0
     ],
     "destination": [
      "obj-299",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-304",
      0
     ],
     "destination": [
      "obj-305",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-303",
      0
     ],
     "destination": [
      "obj-305",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-304",
      0
     ],
     "destination": [
      "obj-302",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-302",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      50
     ],
     "destination": [
      "obj-303",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-303",
      0
     ],
     "destination": [
      "obj-304",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-309",
      0
     ],
     "destination": [
      "obj-310",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-308",
      0
     ],
     "destination": [
      "obj-310",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-309",
      0
     ],
     "destination": [
      "obj-307",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-307",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      51
     ],
     "destination": [
      "obj-308",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-308",
      0
     ],
     "destination": [
      "obj-309",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-314",
      0
     ],
     "destination": [
      "obj-315",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-313",
      0
     ],
     "destination": [
      "obj-315",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-314",
      0
     ],
     "destination": [
      "obj-312",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-312",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      52
     ],
     "destination": [
      "obj-313",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-313",
      0
     ],
     "destination": [
      "obj-314",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-319",
      0
     ],
     "destination": [
      "obj-320",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-318",
      0
     ],
     "destination": [
      "obj-320",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-319",
      0
     ],
     "destination": [
      "obj-317",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-317",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      53
     ],
     "destination": [
      "obj-318",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-318",
      0
     ],
     "destination": [
      "obj-319",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-324",
      0
     ],
     "destination": [
      "obj-325",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-323",
      0
     ],
     "destination": [
      "obj-325",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-324",
      0
     ],
     "destination": [
      "obj-322",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-322",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      54
     ],
     "destination": [
      "obj-323",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-323",
      0
     ],
     "destination": [
      "obj-324",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-329",
      0
     ],
     "destination": [
      "obj-330",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-328",
      0
     ],
     "destination": [
      "obj-330",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-329",
      0
     ],
     "destination": [
      "obj-327",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-327",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      55
     ],
     "destination": [
      "obj-328",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-328",
      0
     ],
     "destination": [
      "obj-329",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-334",
      0
     ],
     "destination": [
      "obj-335",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-333",
      0
     ],
     "destination": [
      "obj-335",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-334",
      0
     ],
     "destination": [
      "obj-332",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-332",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      56
     ],
     "destination": [
      "obj-333",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-333",
      0
     ],
     "destination": [
      "obj-334",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-339",
      0
     ],
     "destination": [
      "obj-340",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-338",
      0
     ],
     "destination": [
      "obj-340",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-339",
      0
     ],
     "destination": [
      "obj-337",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-337",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      57
     ],
     "destination": [
      "obj-338",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-338",
      0
     ],
     "destination": [
      "obj-339",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-344",
      0
     ],
     "destination": [
      "obj-345",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-343",
      0
     ],
     "destination": [
      "obj-345",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-344",
      0
     ],
     "destination": [
      "obj-342",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-342",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      58
     ],
     "destination": [
      "obj-343",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-343",
      0
     ],
     "destination": [
      "obj-344",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-349",
      0
     ],
     "destination": [
      "obj-350",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-348",
      0
     ],
     "destination": [
      "obj-350",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-349",
      0
     ],
     "destination": [
      "obj-347",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-347",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      59
     ],
     "destination": [
      "obj-348",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-348",
      0
     ],
     "destination": [
      "obj-349",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-354",
      0
     ],
     "destination": [
      "obj-355",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-353",
      0
     ],
     "destination": [
      "obj-355",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-354",
      0
     ],
     "destination": [
      "obj-352",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-352",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      60
     ],
     "destination": [
      "obj-353",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-353",
      0
     ],
     "destination": [
      "obj-354",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-359",
      0
     ],
     "destination": [
      "obj-360",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-358",
      0
     ],
     "destination": [
      "obj-360",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-359",
      0
     ],
     "destination": [
      "obj-357",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-357",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      61
     ],
     "destination": [
      "obj-358",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-358",
      0
     ],
     "destination": [
      "obj-359",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-364",
      0
     ],
     "destination": [
      "obj-365",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-363",
      0
     ],
     "destination": [
      "obj-365",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-364",
      0
     ],
     "destination": [
      "obj-362",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-362",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      62
     ],
     "destination": [
      "obj-363",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-363",
      0
     ],
     "destination": [
      "obj-364",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-369",
      0
     ],
     "destination": [
      "obj-370",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-368",
      0
     ],
     "destination": [
      "obj-370",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-369",
      0
     ],
     "destination": [
      "obj-367",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-367",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      63
     ],
     "destination": [
      "obj-368",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-368",
      0
     ],
     "destination": [
      "obj-369",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-374",
      0
     ],
     "destination": [
      "obj-375",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-373",
      0
     ],
     "destination": [
      "obj-375",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-374",
      0
     ],
     "destination": [
      "obj-372",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-372",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      64
     ],
     "destination": [
      "obj-373",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-373",
      0
     ],
     "destination": [
      "obj-374",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-379",
      0
     ],
     "destination": [
      "obj-380",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-378",
      0
     ],
     "destination": [
      "obj-380",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-379",
      0
     ],
     "destination": [
      "obj-377",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-377",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      65
     ],
     "destination": [
      "obj-378",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-378",
      0
     ],
     "destination": [
      "obj-379",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-384",
      0
     ],
     "destination": [
      "obj-385",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-383",
      0
     ],
     "destination": [
      "obj-385",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-384",
      0
     ],
     "destination": [
      "obj-382",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-382",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      66
     ],
     "destination": [
      "obj-383",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-383",
      0
     ],
     "destination": [
      "obj-384",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-389",
      0
     ],
     "destination": [
      "obj-390",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-388",
      0
     ],
     "destination": [
      "obj-390",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-389",
      0
     ],
     "destination": [
      "obj-387",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-387",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      67
     ],
     "destination": [
      "obj-388",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-388",
      0
     ],
     "destination": [
      "obj-389",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-394",
      0
     ],
     "destination": [
      "obj-395",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-393",
      0
     ],
     "destination": [
      "obj-395",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-394",
      0
     ],
     "destination": [
      "obj-392",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-392",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      68
     ],
     "destination": [
      "obj-393",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-393",
      0
     ],
     "destination": [
      "obj-394",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      75
     ],
     "destination": [
      "obj-397",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-397",
      0
     ],
     "destination": [
      "obj-398",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-397",
      1
     ],
     "destination": [
      "obj-399",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      72
     ],
     "destination": [
      "obj-401",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      73
     ],
     "destination": [
      "obj-403",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      74
     ],
     "destination": [
      "obj-405",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-406",
      0
     ],
     "destination": [
      "obj-407",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-407",
      0
     ],
     "destination": [
      "obj-408",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-408",
      0
     ],
     "destination": [
      "obj-409",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-409",
      0
     ],
     "destination": [
      "obj-2",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      76
     ],
     "destination": [
      "obj-412",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-412",
      0
     ],
     "destination": [
      "obj-411",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      76
     ],
     "destination": [
      "obj-413",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      77
     ],
     "destination": [
      "obj-414",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-414",
      0
     ],
     "destination": [
      "obj-415",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-415",
      0
     ],
     "destination": [
      "obj-276",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-414",
      1
     ],
     "destination": [
      "obj-416",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-416",
      0
     ],
     "destination": [
      "obj-281",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-414",
      2
     ],
     "destination": [
      "obj-417",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-417",
      0
     ],
     "destination": [
      "obj-286",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-414",
      3
     ],
     "destination": [
      "obj-418",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-418",
      0
     ],
     "destination": [
      "obj-291",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-414",
      4
     ],
     "destination": [
      "obj-419",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-419",
      0
     ],
     "destination": [
      "obj-296",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-414",
      5
     ],
     "destination": [
      "obj-420",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-420",
      0
     ],
     "destination": [
      "obj-301",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-414",
      6
     ],
     "destination": [
      "obj-421",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-421",
      0
     ],
     "destination": [
      "obj-306",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-414",
      7
     ],
     "destination": [
      "obj-422",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-422",
      0
     ],
     "destination": [
      "obj-311",
      0
     ]
    }
   },
   {
    "patchline": {
     "source": [
      "obj-4",
      78
     ],
     "destination": [
      "obj-423",
      0
     ]
    }
   }
  ]
 }
}
