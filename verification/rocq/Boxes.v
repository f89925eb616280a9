(* Boxes of the first eigenvalues l_1 >= l_2 >= ..., over N: known intervals of l_1, ..., l_k, the others in [0, the last end].
   A tree cuts [0, top] into boxes; one cut shortens the intervals of all that the order says. *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ssrZ ring.
From Dufm Require Import Model Norm Structure Integer Pieces.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.TTheory GRing.Theory Num.Theory.

(* a leaf has its lines and what each eigenvalue shows there at least; Cut i c: where l_(i+1) <= c, and where it is >= c *)
Inductive boxes := Leaf of seq line & seq Z | Cut of nat & Z & boxes & boxes.
Definition ends := (Z * Z)%type.
Definition others (known : seq ends) : ends := (Z0, (last (Z0, Z0) known).2).
Definition box known j : ends := nth (others known) known j.
Definition extended i known := if i == size known then rcons known (others known) else known.
Definition lowered i c known : seq ends :=
  mkseq (fun j => let: (a, b) := box known j in (a, if (i <= j)%N then Z.min b c else b)) (size known).
Definition raised i c known : seq ends :=
  mkseq (fun j => let: (a, b) := box known j in (if (j <= i)%N then Z.max a c else a, b)) (size known).

Fixpoint covers (K : nat) (leaf : seq ends -> seq line -> seq Z -> bool) known (t : boxes) : bool :=
  match t with
  | Leaf lines least => leaf known lines least
  | Cut i c low high => let k := extended i known in
    [&& (i < K)%N, (i < size k)%N, Z.ltb (box k i).1 c, Z.ltb c (box k i).2,
        covers K leaf (lowered i c k) low & covers K leaf (raised i c k) high]
  end.

Local Open Scope ring_scope.

Lemma box_extended i known j : box (extended i known) j = box known j.
Proof.
rewrite /extended; case: eqP => // _; rewrite /box nth_rcons.
case: ltnP => [h|h]; first by apply: set_nth_default.
by rewrite [in RHS]nth_default // /others last_rcons; case: eqP.
Qed.
Lemma box_last known : (0 < size known)%N -> (last (Z0, Z0) known).2 = (box known (size known).-1).2.
Proof. by move=> h; rewrite -nth_last /box (set_nth_default (others known)) // prednK. Qed.
Lemma box_over known j : (size known <= j)%N -> (0 < size known)%N -> box known j = (Z0, (box known (size known).-1).2).
Proof. by move=> h p; rewrite {1}/box nth_default // {1}/others box_last. Qed.

Lemma box_lowered i c known j : (i < size known)%N ->
  box (lowered i c known) j = ((box known j).1, if (i <= j)%N then Z.min (box known j).2 c else (box known j).2).
Proof.
move=> ik; have kp : (0 < size known)%N by apply: leq_ltn_trans ik.
have szl : size (lowered i c known) = size known by rewrite size_mkseq.
have inb l : (l < size known)%N ->
    box (lowered i c known) l = ((box known l).1, if (i <= l)%N then Z.min (box known l).2 c else (box known l).2).
  by move=> h; rewrite {1}/box nth_mkseq //; case: (box known l).
have [h|h] := ltnP j (size known); first exact: inb.
rewrite box_over ?szl // inb ?prednK // (box_over h kp) /= (leq_trans (ltnW ik) h).
by rewrite -ltnS prednK // ik.
Qed.
Lemma box_raised i c known j : (i < size known)%N ->
  box (raised i c known) j = (if (j <= i)%N then Z.max (box known j).1 c else (box known j).1, (box known j).2).
Proof.
move=> ik; have kp : (0 < size known)%N by apply: leq_ltn_trans ik.
have szl : size (raised i c known) = size known by rewrite size_mkseq.
have inb l : (l < size known)%N ->
    box (raised i c known) l = (if (l <= i)%N then Z.max (box known l).1 c else (box known l).1, (box known l).2).
  by move=> h; rewrite {1}/box nth_mkseq //; case: (box known l).
have [h|h] := ltnP j (size known); first exact: inb.
by rewrite box_over ?szl // inb ?prednK // (box_over h kp) /= leqNgt (leq_trans ik h).
Qed.

Section Sound.
Variables (R : rcfType) (N : R) (s : seq R).
Hypotheses (N0 : 0 < N) (order : sorted (fun a b => b <= a) s).
Notation zR := (@zR R).
Definition within known := forall j, (j < size s)%N -> zR (box known j).1 <= N * nth 0 s j <= zR (box known j).2.

Lemma zR_min z a b : z <= zR a -> z <= zR b -> z <= zR (Z.min a b).
Proof. by move=> za zb; case: (Z.min_dec a b) => ->. Qed.
Lemma zR_maxi z a b : zR a <= z -> zR b <= z -> zR (Z.max a b) <= z.
Proof. by move=> za zb; case: (Z.max_dec a b) => ->. Qed.
Lemma ordered i j : (i <= j)%N -> (j < size s)%N -> N * nth 0 s j <= N * nth 0 s i.
Proof.
move=> ij js; rewrite ler_pmul2l //.
have tr : transitive (fun a b : R => b <= a) by move=> y x z yx zy; apply: le_trans zy yx.
exact: (@sorted_leq_nth _ _ tr (fun x => lexx x) 0 s order i j (leq_ltn_trans ij js) js ij).
Qed.

Theorem coversP (leaf : seq ends -> seq line -> seq Z -> bool) (P : Prop) :
  (forall known lines least, leaf known lines least -> within known -> P) ->
  forall t known, covers (size s) leaf known t -> within known -> P.
Proof.
move=> h; elim=> [lines least|i c low IHl high IHh] known /=; first exact: h.
case/and5P => iK ik _ _ /andP [hl hh] w.
have {w} w : within (extended i known) by move=> j js; rewrite box_extended; apply: w.
have [zc|cz] := lerP (N * nth 0 s i) (zR c).
  apply: (IHl _ hl) => j js; rewrite box_lowered //=; have /andP [w1 w2] := w j js; rewrite w1 /=.
  by case: ifP => // ij; apply: zR_min => //; apply: le_trans zc; apply: ordered.
apply: (IHh _ hh) => j js; rewrite box_raised //=; have /andP [w1 w2] := w j js; rewrite w2 andbT.
by case: ifP => // ji; apply: zR_maxi => //; apply: le_trans (ltW cz) _; apply: ordered.
Qed.
End Sound.
