/* Loads the add-in as a spreadsheet application does, presses a button of which nobody knows the program, and lets it go.

   For the 32-bit DLL, which the Python of the installer's bundle cannot load. It says what it saw, a word a line. */
#define COBJMACROS
#define INITGUID
#include <stdio.h>
#include <windows.h>
#include <ole2.h>
#include <cguid.h>

#define CHECK(what) do { HRESULT code = (what); if (FAILED(code)) { printf("%s: %08lx\n", #what, (unsigned long)code); return 1; } } while (0)

DEFINE_GUID(IID_Extensibility, 0xb65ad801, 0xabaf, 0x11d0, 0xbb, 0x8b, 0x00, 0xa0, 0xc9, 0x0f, 0x27, 0x44);
DEFINE_GUID(IID_Ribbon, 0x000c0396, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46);

/* What an application, the button that was pressed and the ribbon are to the add-in: one property, and how many hold it. */
typedef struct {
    const IDispatchVtbl *lpVtbl;
    const WCHAR *name;
    const WCHAR *text;
    LONG held, asked;
} Thing;

static HRESULT STDMETHODCALLTYPE query(IDispatch *self, REFIID iid, void **out) {
    *out = IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_IDispatch) ? self : NULL;
    if (!*out) return E_NOINTERFACE;
    IDispatch_AddRef(self);
    return S_OK;
}
static ULONG STDMETHODCALLTYPE add_ref(IDispatch *self) { return InterlockedIncrement(&((Thing *)self)->held); }
static ULONG STDMETHODCALLTYPE release(IDispatch *self) { return InterlockedDecrement(&((Thing *)self)->held); }
static HRESULT STDMETHODCALLTYPE count(IDispatch *self, UINT *out) { (void)self; return *out = 0, S_OK; }
static HRESULT STDMETHODCALLTYPE info(IDispatch *self, UINT at, LCID lcid, ITypeInfo **out) {
    (void)self, (void)at, (void)lcid;
    return *out = NULL, E_NOTIMPL;
}
static HRESULT STDMETHODCALLTYPE ids(IDispatch *self, REFIID iid, WCHAR **names, UINT number, LCID lcid, DISPID *out) {
    (void)iid, (void)number, (void)lcid;
    BOOL own = !lstrcmpW(names[0], ((Thing *)self)->name);
    *out = own ? 1 : DISPID_UNKNOWN;
    return own ? S_OK : DISP_E_UNKNOWNNAME;
}
static HRESULT STDMETHODCALLTYPE invoke(IDispatch *self, DISPID what, REFIID iid, LCID lcid, WORD how, DISPPARAMS *given,
                                        VARIANT *result, EXCEPINFO *problem, UINT *wrong) {
    Thing *own = (Thing *)self;
    (void)what, (void)iid, (void)lcid, (void)how, (void)given, (void)problem, (void)wrong;
    own->asked++;
    if (!result) return S_OK;
    result->vt = own->text ? VT_BSTR : VT_I4;
    if (own->text) result->bstrVal = SysAllocString(own->text);
    else result->lVal = 7;
    return S_OK;
}
static const IDispatchVtbl THING = {query, add_ref, release, count, info, ids, invoke};
static Thing application = {&THING, L"Hwnd", NULL, 1, 0}, button = {&THING, L"Id", L"check", 1, 0},
             shown = {&THING, L"Invalidate", NULL, 1, 0};

static HRESULT callback(IDispatch *addin, WCHAR *name, Thing *thing, VARIANT *result) {
    DISPID id;
    VARIANT argument = {0};
    DISPPARAMS given = {&argument, NULL, 1, 0};
    argument.vt = VT_DISPATCH;
    argument.pdispVal = (IDispatch *)thing;
    HRESULT failed = IDispatch_GetIDsOfNames(addin, &IID_NULL, &name, 1, 0, &id);
    return failed ? failed : IDispatch_Invoke(addin, id, &IID_NULL, 0, DISPATCH_METHOD, &given, result, NULL, NULL);
}

/* The box in which the add-in says that the program did not start: closed as soon as it is there. */
static BOOL box_came(void) {
    for (int tries = 0; tries < 600; tries++) {
        MSG message;
        HWND box = FindWindowW(L"#32770", NULL);
        if (box) {
            PostMessageW(box, WM_COMMAND, IDOK, 0);
            while (IsWindow(box)) Sleep(10);
            return TRUE;
        }
        while (PeekMessageW(&message, NULL, 0, 0, PM_REMOVE)) DispatchMessageW(&message);
        Sleep(50);
    }
    return FALSE;
}

int wmain(int number, WCHAR **given) {
    typedef HRESULT(STDAPICALLTYPE * GetClassObject)(REFCLSID, REFIID, void **);
    typedef HRESULT(STDMETHODCALLTYPE * Connection)(void *, void *, int, void *, void *);
    typedef HRESULT(STDMETHODCALLTYPE * Ended)(void *, int, void *);
    typedef HRESULT(STDMETHODCALLTYPE * Shutdown)(void *, void *);
    typedef HRESULT(STDMETHODCALLTYPE * CustomUI)(void *, BSTR, BSTR *);
    CLSID clsid;
    IClassFactory *factory;
    IUnknown *made;
    IDispatch *callbacks;
    void ***extensibility, ***ribbon;
    BSTR xml, asked = SysAllocString(L"Microsoft.Excel.Workbook");
    VARIANT down = {0};
    MSG message;
    if (number != 3) return 2;
    CHECK(CoInitialize(NULL));
    CHECK(CLSIDFromString(given[2], &clsid));
    HMODULE library = LoadLibraryW(given[1]);
    if (!library) return printf("not loaded: %lu\n", GetLastError()), 1;
    GetClassObject get = (GetClassObject)(void *)GetProcAddress(library, "DllGetClassObject");
    CHECK(get(&clsid, &IID_IClassFactory, (void **)&factory));
    CHECK(IClassFactory_CreateInstance(factory, NULL, &IID_IUnknown, (void **)&made));
    CHECK(IUnknown_QueryInterface(made, &IID_Extensibility, (void **)&extensibility));
    CHECK(IUnknown_QueryInterface(made, &IID_Ribbon, (void **)&ribbon));
    CHECK(IUnknown_QueryInterface(made, &IID_IDispatch, (void **)&callbacks));
    CHECK(((Connection)(*extensibility)[7])(extensibility, &application, 1, NULL, NULL));
    CHECK(((CustomUI)(*ribbon)[7])(ribbon, asked, &xml));
    printf("ribbon %u\n", SysStringLen(xml));
    SysFreeString(xml);
    SysFreeString(asked);
    CHECK(callback(callbacks, L"OnLoad", &shown, NULL));
    CHECK(callback(callbacks, L"GetPressed", &button, &down));
    printf("down %d\n", down.boolVal);
    CHECK(callback(callbacks, L"OnPress", &button, NULL));
    printf("box %d\n", box_came());
    while (PeekMessageW(&message, NULL, 0, 0, PM_REMOVE)) DispatchMessageW(&message);
    printf("asked %ld %ld\n", application.asked, button.asked);
    CHECK(((Shutdown)(*extensibility)[11])(extensibility, NULL));
    CHECK(((Ended)(*extensibility)[8])(extensibility, 0, NULL));
    printf("held %ld %ld %ld\n", application.held, button.held, shown.held);
    return 0;
}
